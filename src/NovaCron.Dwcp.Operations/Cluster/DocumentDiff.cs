using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>Compares two versions of an object by what was asked for, leaving out what the server writes by itself.</summary>
public static class DocumentDiff
{
    private static readonly string[] ServerMetadata =
        ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

    /// <summary>Every field that differs, in order of the paths. Values in Secrets are masked.</summary>
    public static IReadOnlyList<FieldChange> Compare(JsonObject? before, JsonObject? after)
    {
        var changes = new List<FieldChange>();
        var secret = (after ?? before)?["kind"]?.ToString() == "Secret";
        Walk("", Strip(before), Strip(after), secret, changes);
        changes.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return changes;
    }

    private static JsonObject? Strip(JsonObject? document)
    {
        if (document is null)
            return null;
        var copy = (JsonObject)document.DeepClone();
        copy.Remove("status");
        if (copy["metadata"] is JsonObject metadata)
        {
            foreach (var name in ServerMetadata)
                metadata.Remove(name);
            if (metadata["annotations"] is JsonObject annotations)
                annotations.Remove("deployment.kubernetes.io/revision");
        }

        return copy;
    }

    private static void Walk(string path, JsonNode? before, JsonNode? after, bool secret, List<FieldChange> changes)
    {
        if (JsonNode.DeepEquals(before, after))
            return;
        if (before is JsonObject or null && after is JsonObject or null && (before ?? after) is JsonObject)
        {
            var a = before as JsonObject;
            var b = after as JsonObject;
            foreach (var name in (a?.Select(p => p.Key) ?? []).Union(b?.Select(p => p.Key) ?? []))
                Walk($"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", a?[name], b?[name], secret, changes);
            return;
        }

        if (before is JsonArray x && after is JsonArray y)
        {
            for (var i = 0; i < Math.Max(x.Count, y.Count); i++)
                Walk($"{path}/{i}", i < x.Count ? x[i] : null, i < y.Count ? y[i] : null, secret, changes);
            return;
        }

        var masked = secret && (path.StartsWith("/data/", StringComparison.Ordinal) || path.StartsWith("/stringData/", StringComparison.Ordinal));
        changes.Add(new FieldChange(path, Show(before, masked), Show(after, masked)));
    }

    private static string? Show(JsonNode? node, bool masked) => node is null ? null : masked ? "***" : node.ToJsonString();
}
