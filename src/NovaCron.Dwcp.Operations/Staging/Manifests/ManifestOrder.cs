using System.Globalization;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging.Manifests;

/// <summary>The order of applying: what others refer to comes first.</summary>
internal static class ManifestOrder
{
    private static readonly string[] Kinds =
    [
        "Namespace", "CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ServiceAccount", "Role", "ClusterRole",
        "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "StorageClass", "PersistentVolumeClaim", "NetworkPolicy", "Service", "Deployment", "DaemonSet",
        "PodDisruptionBudget", "HorizontalPodAutoscaler", "Ingress",
    ];

    public static int Rank(JsonObject document) => Array.IndexOf(Kinds, document["kind"]?.ToString()) is var rank and >= 0 ? rank : Kinds.Length;

    /// <summary>Sorts by rank, then kind, name and namespace.</summary>
    public static string Key(JsonObject document) =>
        string.Create(CultureInfo.InvariantCulture, $"{Rank(document):00}/{document["kind"]}/{document["metadata"]?["name"]}/{document["metadata"]?["namespace"]}");
}
