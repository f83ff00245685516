using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Patches;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Checks what is sent to server-side apply, which knows no unknown fields and no doubled list keys.</summary>
internal static class AppliedDocument
{
    /// <exception cref="ApiStatusException">The document does not fit its schema.</exception>
    public static void Check(ResourceType type, FieldSchema schema, JsonObject applied, string ns)
    {
        var errors = new List<string>();
        Visit(schema, applied, "", errors);
        if (errors.Count > 0)
        {
            var name = ns.Length == 0 ? "/" + applied.Name() : $"{ns}/{applied.Name()}";
            var subject = $"failed to create typed patch object ({name}; {type.ApiVersion}, Kind={type.Kind}): ";
            var text = errors.Count == 1 ? errors[0] : "errors:\n" + string.Join('\n', errors.Select(static e => "  " + e));
            throw new ApiStatusException(500, "", subject + text);
        }
        try
        {
            _ = TypedDecoder.Decode(schema, applied);
        }
        catch (FormatException e)
        {
            throw ApiStatusException.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {e.Message}");
        }
    }

    private static void Visit(FieldSchema schema, JsonNode? node, string path, List<string> errors)
    {
        switch (node)
        {
            case JsonObject obj when schema.Kind is FieldKind.Object or FieldKind.Map:
                foreach (var (name, value) in obj)
                {
                    var child = schema.Field(name);
                    if (child is null && !schema.Embedded)
                    {
                        errors.Add($"{path}.{name}: field not declared in schema");
                    }
                    else if (value is not null && child is { Kind: not FieldKind.Any })
                    {
                        Visit(child, value, $"{path}.{name}", errors);
                    }
                }
                break;
            case JsonArray array when schema.Kind == FieldKind.List:
                VisitList(schema, array, path, errors);
                break;
            case { } when schema.Kind is FieldKind.Object or FieldKind.Map:
                errors.Add($"{path}: expected map, got &{{{node.ToJsonString()}}}");
                break;
            case { } when schema.Kind == FieldKind.List:
                errors.Add($"{path}: expected list, got &{{{node.ToJsonString()}}}");
                break;
        }
    }

    private static void VisitList(FieldSchema schema, JsonArray array, string path, List<string> errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < array.Count; i++)
        {
            var place = $"[{i}]";
            if (schema.Topology == ListTopology.Map)
            {
                if (array[i] is not JsonObject element)
                {
                    errors.Add($"{path}: element {i}: associative list with keys may not have non-map elements");
                    continue;
                }
                if (schema.Keys.FirstOrDefault(k => k.Default is null && element[k.Name] is null) is { } missing)
                {
                    errors.Add($"{path}: element {i}: associative list with keys has an element that omits key field \"{missing.Name}\" (and doesn't have default value)");
                    continue;
                }
            }
            if (schema.Topology != ListTopology.Atomic)
            {
                var edge = FieldTree.ElementEdge(schema, array[i]);
                var set = new FieldSet();
                set.Open(edge).IsMember = true;
                place = set.Paths().First();
                if (!seen.Add(edge))
                {
                    errors.Add($"{path}: duplicate entries for key {place}");
                }
            }
            Visit(schema.Element, array[i], path + place, errors);
        }
    }
}
