using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// The custom resource <c>dwcp.novacron.io/v1 DwcpApproval</c>: one person's yes to one phase of one release. Its spec cannot change after creation,
/// and the admission policy lets nobody sign with another's name.
/// </summary>
[KubernetesEntity(Group = Group, ApiVersion = Version, Kind = KindName, PluralName = Plural)]
public sealed class DwcpApproval : IKubernetesObject<V1ObjectMeta>, ISpec<DwcpApprovalSpec>
{
    public const string Group = RolloutNames.Group;
    public const string Version = "v1";
    public const string KindName = "DwcpApproval";
    public const string Plural = "dwcpapprovals";

    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = Group + "/" + Version;

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = KindName;

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public DwcpApprovalSpec Spec { get; set; } = new();
}
