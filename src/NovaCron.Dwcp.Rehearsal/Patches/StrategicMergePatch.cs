using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>
/// Strategic merge patch: like a merge patch, but lists of objects merge by their key, with the directives <c>$patch</c>,
/// <c>$retainKeys</c>, <c>$setElementOrder/…</c> and <c>$deleteFromPrimitiveList/…</c>.
/// </summary>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string ElementOrder = "$setElementOrder/";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";

    /// <summary>Applies <paramref name="patch"/> to <paramref name="target"/> in place.</summary>
    /// <exception cref="ApiStatusException">The patch is malformed (BadRequest).</exception>
    public static void Apply(FieldSchema schema, JsonObject target, JsonObject patch)
    {
        switch (patch.Text(Directive))
        {
            case null or "merge":
                break;
            case "replace":
                target.Clear();
                foreach (var (name, value) in patch.Where(static p => p.Key != Directive))
                {
                    target[name] = value?.DeepClone();
                }
                return;
            case "delete":
                target.Clear();
                return;
            case var unknown:
                throw ApiStatusException.BadRequest($"unknown patch type found: {unknown}");
        }
        if (patch[RetainKeys] is JsonArray retained)
        {
            var keep = retained.Texts().ToHashSet(StringComparer.Ordinal);
            foreach (var name in target.Select(static p => p.Key).Where(n => !keep.Contains(n)).ToList())
            {
                target.Remove(name);
            }
        }
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeleteFromList, StringComparison.Ordinal))
            {
                DeletePrimitives(target, name[DeleteFromList.Length..], value as JsonArray ?? []);
            }
            else if (name[..Math.Min(1, name.Length)] != "$")
            {
                ApplyField(schema.Field(name) ?? FieldSchema.Anything, target, name, value);
            }
        }
        foreach (var (name, value) in patch.Where(static p => p.Key.StartsWith(ElementOrder, StringComparison.Ordinal)))
        {
            var field = name[ElementOrder.Length..];
            Reorder(schema.Field(field) ?? FieldSchema.Anything, target[field] as JsonArray, value as JsonArray ?? []);
        }
    }

    private static void ApplyField(FieldSchema schema, JsonObject target, string name, JsonNode? value)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject part:
                if (part.Text(Directive) == "delete" && schema.Kind != FieldKind.List)
                {
                    target.Remove(name);
                    break;
                }
                if (target[name] is not JsonObject existing)
                {
                    existing = [];
                    target[name] = existing;
                }
                Apply(schema, existing, part);
                break;
            case JsonArray list when schema.PatchMergeKey is { } key:
                target[name] = MergeByKey(schema, target[name] as JsonArray, list, key);
                break;
            case JsonArray list when schema.PatchMerges:
                var merged = target[name]?.DeepClone() as JsonArray ?? [];
                foreach (var item in list.Where(i => !merged.Any(m => JsonNode.DeepEquals(m, i))).ToList())
                {
                    merged.Add(item?.DeepClone());
                }
                target[name] = merged;
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
    }

    private static JsonArray MergeByKey(FieldSchema schema, JsonArray? current, JsonArray patch, string key)
    {
        if (patch.Objects().Any(static p => p.Text(Directive) == "replace"))
        {
            return [.. patch.Objects().Where(static p => p.Text(Directive) is null).Select(static p => p.DeepClone())];
        }
        var result = current?.DeepClone() as JsonArray ?? [];
        foreach (var item in patch)
        {
            if (item is not JsonObject part)
            {
                throw ApiStatusException.BadRequest("expected a map in a list of maps");
            }
            if (part[key] is not { } id)
            {
                throw ApiStatusException.BadRequest($"map: {part.ToJsonString()} does not contain declared merge key: {key}");
            }
            var existing = result.Objects().FirstOrDefault(e => JsonNode.DeepEquals(e[key], id));
            if (part.Text(Directive) == "delete")
            {
                foreach (var gone in result.Objects().Where(e => JsonNode.DeepEquals(e[key], id)).ToList())
                {
                    result.Remove(gone);
                }
            }
            else if (existing is not null)
            {
                Apply(schema.Element, existing, part);
            }
            else
            {
                var added = new JsonObject();
                Apply(schema.Element, added, part);
                result.Add((JsonNode)added);
            }
        }
        return result;
    }

    private static void DeletePrimitives(JsonObject target, string name, JsonArray values)
    {
        if (target[name] is JsonArray list)
        {
            foreach (var gone in list.Where(i => values.Any(v => JsonNode.DeepEquals(v, i))).ToList())
            {
                list.Remove(gone);
            }
        }
    }

    // Elements that the order names come in that order; others keep their place relative to what precedes them.
    private static void Reorder(FieldSchema schema, JsonArray? list, JsonArray order)
    {
        if (list is null)
        {
            return;
        }
        JsonNode? Id(JsonNode? element) => schema.PatchMergeKey is { } key ? (element as JsonObject)?[key] : element;

        var wanted = order.Select(Id).ToList();
        int Place(JsonNode? element) => wanted.FindIndex(w => JsonNode.DeepEquals(w, Id(element)));

        var items = list.ToList();
        var named = items.Where(i => Place(i) >= 0).OrderBy(Place).ToList();
        var next = 0;
        var sorted = items.Select(i => Place(i) >= 0 ? named[next++] : i).ToList();
        list.Clear();
        foreach (var item in sorted)
        {
            list.Add(item);
        }
    }
}
