using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging.Backups;

/// <summary>
/// What a field manager applied to a live object, read back from <c>metadata.managedFields</c>: the document that, applied again, gives the same object
/// and owns nothing that others own (replicas, flags, what controllers fill in). Source:
/// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management (FieldsV1).
/// </summary>
internal static class AppliedFields
{
    /// <summary>Depth of an object that is still believed.</summary>
    private const int MaximumDepth = 64;

    /// <returns>Null when the manager applied nothing to this object.</returns>
    public static JsonObject? Of(JsonObject live, string manager)
    {
        var entry = (live["metadata"]?["managedFields"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(e =>
            e["manager"]?.ToString() == manager && e["operation"]?.ToString() == "Apply" && string.IsNullOrEmpty(e["subresource"]?.ToString()));
        if (entry?["fieldsV1"] is not JsonObject fields || Extract(live, fields, 0) is not JsonObject applied)
            return null;
        var document = new JsonObject { ["apiVersion"] = live["apiVersion"]?.DeepClone(), ["kind"] = live["kind"]?.DeepClone() };
        var metadata = new JsonObject { ["name"] = live["metadata"]?["name"]?.DeepClone() };
        if (live["metadata"]?["namespace"] is { } space)
            metadata["namespace"] = space.DeepClone();
        foreach (var (key, value) in applied["metadata"] as JsonObject ?? [])
            metadata[key] = value?.DeepClone();
        document["metadata"] = metadata;
        foreach (var (key, value) in applied)
        {
            if (key is not "metadata" and not "apiVersion" and not "kind")
                document[key] = value?.DeepClone();
        }

        return document;
    }

    private static JsonNode? Extract(JsonNode? live, JsonObject fields, int depth)
    {
        if (depth > MaximumDepth)
            throw new DwcpClusterException(ClusterFailure.ServerError, "metadata.managedFields", $"is nested deeper than {MaximumDepth} levels", "Look at the object: this is no answer of a Kubernetes API server.");
        // No further fields: the whole value is owned, also a list or map that counts as one.
        if (!fields.Any(f => f.Key != "."))
            return fields.Count == 0 ? live?.DeepClone() : live is JsonObject ? new JsonObject() : live is JsonArray ? new JsonArray() : live?.DeepClone();
        return live switch
        {
            JsonObject map => new JsonObject(fields.Where(f => f.Key.StartsWith("f:", StringComparison.Ordinal) && map.ContainsKey(f.Key[2..]))
                .Select(f => KeyValuePair.Create(f.Key[2..], Extract(map[f.Key[2..]], f.Value as JsonObject ?? [], depth + 1)))),
            JsonArray list => new JsonArray([.. list.Select((item, index) => Item(item, index, fields, depth)).OfType<JsonNode>()]),
            _ => live?.DeepClone(),
        };
    }

    /// <summary>An item of a list that is owned, by its keys (<c>k:</c>), its value (<c>v:</c>) or its place (<c>i:</c>); null when it is not.</summary>
    private static JsonNode? Item(JsonNode? item, int index, JsonObject fields, int depth)
    {
        foreach (var (name, value) in fields)
        {
            if (name.Length < 3 || name[1] != ':')
                continue;
            var content = name[2..];
            switch (name[0])
            {
                case 'k' when item is JsonObject map && Parse(content) is JsonObject keys && keys.All(k => JsonNode.DeepEquals(map[k.Key], k.Value)):
                    var owned = Extract(map, value as JsonObject ?? [], depth + 1) as JsonObject ?? [];
                    foreach (var (key, identity) in keys)
                        owned[key] = identity?.DeepClone();
                    return owned;
                case 'v' when JsonNode.DeepEquals(item, Parse(content)):
                case 'i' when content == index.ToString(System.Globalization.CultureInfo.InvariantCulture):
                    return item?.DeepClone();
                default:
                    continue;
            }
        }

        return null;
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
