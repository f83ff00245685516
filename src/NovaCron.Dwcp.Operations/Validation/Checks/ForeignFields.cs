using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// Fields that somebody else added to an object of ours. Applying the object again leaves them alone (they are not ours), so that a dry run does
/// not show them; <c>metadata.managedFields</c> does. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/.
/// </summary>
internal static class ForeignFields
{
    private const string Ours = "novacron-dwcp";

    /// <summary>Kinds that nobody but us has a reason to write, status and scale aside.</summary>
    private static readonly string[] Kinds = ["Deployment", "ConfigMap", "NetworkPolicy", "Role", "RoleBinding", "PodDisruptionBudget", "HorizontalPodAutoscaler"];

    /// <summary>Replicas belong to the autoscaler, the template's annotations to restarts, flag and ceiling to guardian and emergencies.</summary>
    private static readonly string[] Shared =
        ["/spec/replicas", "/spec/template/metadata/annotations", "/data/FEATURE_FLAG_V3_ROLLOUT", "/data/FEATURE_FLAG_V3_CEILING"];

    /// <summary>What others own and we do not: manager and path.</summary>
    public static IEnumerable<(string Manager, string Path)> Of(JsonObject live)
    {
        if (!Kinds.Contains(live.Text("kind")))
            return [];
        var entries = live.Items("metadata", "managedFields").Where(e => string.IsNullOrEmpty(e.Text("subresource"))).ToList();
        var own = entries.Where(IsOurs).SelectMany(e => Paths("", e["fieldsV1"])).ToHashSet(StringComparer.Ordinal);
        return entries.Where(e => !IsOurs(e)).SelectMany(e => Paths("", e["fieldsV1"]).Select(p => (Manager: e.Text("manager") ?? "?", Path: p)))
            .Where(f => !f.Path.StartsWith("/metadata/", StringComparison.Ordinal) && !f.Path.StartsWith("/status", StringComparison.Ordinal)
                && !Shared.Any(s => f.Path == s || f.Path.StartsWith(s + "/", StringComparison.Ordinal)) && !own.Contains(f.Path));
    }

    private static bool IsOurs(JsonObject entry) => entry.Text("manager")?.StartsWith(Ours, StringComparison.Ordinal) == true;

    /// <summary>Leaves of a FieldsV1 tree: f: is a field, k: an item by its keys, v: a value of a set, the dot the item itself.</summary>
    private static IEnumerable<string> Paths(string path, JsonNode? fields)
    {
        if (fields is not JsonObject { Count: > 0 } map)
            return path.Length == 0 ? [] : [path];
        return map.Where(f => f.Key != ".").SelectMany(f => Paths($"{path}/{(f.Key.Length > 2 && f.Key[1] == ':' ? f.Key[2..] : f.Key)}", f.Value));
    }
}
