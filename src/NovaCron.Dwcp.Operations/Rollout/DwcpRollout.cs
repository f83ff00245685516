using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// The custom resource <c>dwcp.novacron.io/v1 DwcpRollout</c>: what an operator wants (<see cref="Spec"/>) and what the guardian has done and seen
/// (<see cref="Status"/>). One per namespace, named <see cref="RolloutNames.Rollout"/>. Only the guardian writes the status; only people write the spec.
/// </summary>
[KubernetesEntity(Group = Group, ApiVersion = Version, Kind = KindName, PluralName = Plural)]
public sealed class DwcpRollout : IKubernetesObject<V1ObjectMeta>, ISpec<DwcpRolloutSpec>, IStatus<DwcpRolloutStatus?>
{
    public const string Group = RolloutNames.Group;
    public const string Version = "v1";
    public const string KindName = "DwcpRollout";
    public const string Plural = "dwcprollouts";

    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = Group + "/" + Version;

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = KindName;

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public DwcpRolloutSpec Spec { get; set; } = new();

    [JsonPropertyName("status")]
    public DwcpRolloutStatus? Status { get; set; }
}
