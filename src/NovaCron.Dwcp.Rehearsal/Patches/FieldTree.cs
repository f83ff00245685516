using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Schemas;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>
/// Documents as trees of owned fields, by the rules of structured merge: which paths a document sets, how two documents differ, how
/// one merges into another, and how paths are taken out.
/// </summary>
internal static class FieldTree
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The paths that <paramref name="node"/> sets.</summary>
    public static FieldSet PathsOf(FieldSchema schema, JsonNode? node)
    {
        var set = new FieldSet();
        Collect(schema, node, set);
        return set;
    }

    /// <summary>How <paramref name="now"/> differs from <paramref name="before"/>.</summary>
    public static FieldChanges Compare(FieldSchema schema, JsonNode? before, JsonNode? now)
    {
        var changes = new FieldChanges(new(), new(), new());
        Compare(schema, before, now, changes);
        return changes;
    }

    /// <summary>Merges <paramref name="applied"/> into <paramref name="live"/> and returns the result; neither is changed.</summary>
    public static JsonNode? Merge(FieldSchema schema, JsonNode? live, JsonNode? applied)
    {
        if (live is JsonObject old && applied is JsonObject part && IsGranular(schema))
        {
            var result = (JsonObject)old.DeepClone();
            foreach (var (name, value) in part)
            {
                result[name] = Merge(schema.Field(name) ?? FieldSchema.Anything, old[name], value);
            }
            return result;
        }
        if (live is JsonArray oldList && applied is JsonArray list && schema is { Kind: FieldKind.List, Topology: not ListTopology.Atomic })
        {
            return MergeList(schema, oldList, list);
        }
        return applied?.DeepClone();
    }

    /// <summary>Takes the members of <paramref name="gone"/> out of <paramref name="node"/>, unless something at or below them is <paramref name="owned"/>.</summary>
    public static void Remove(FieldSchema schema, JsonNode? node, FieldSet gone, FieldSet owned)
    {
        foreach (var (edge, child) in gone.Children)
        {
            var kept = owned.Children.GetValueOrDefault(edge);
            if (child.IsMember && (kept is null || kept.IsEmpty))
            {
                RemoveElement(schema, node, edge);
                continue;
            }
            if (Find(schema, node, edge) is not (var next, { } value))
            {
                continue;
            }
            Remove(next, value, child, kept ?? new());
            if ((kept is null || kept.IsEmpty) && value is JsonObject { Count: 0 } or JsonArray { Count: 0 })
            {
                RemoveElement(schema, node, edge);
            }
        }
    }

    /// <summary>The edge that identifies an element of a list.</summary>
    public static string ElementEdge(FieldSchema list, JsonNode? element)
    {
        if (list.Topology == ListTopology.Set)
        {
            return "v:" + (element?.ToJsonString(Relaxed) ?? "null");
        }
        var key = new JsonObject();
        foreach (var part in list.Keys.OrderBy(static k => k.Name, StringComparer.Ordinal))
        {
            key[part.Name] = (element as JsonObject)?[part.Name]?.DeepClone() ?? part.Default;
        }
        return "k:" + key.ToJsonString(Relaxed);
    }

    private static bool IsGranular(FieldSchema schema) =>
        !schema.Atomic && (schema.Kind is FieldKind.Object or FieldKind.Map) && !(schema.PreservesUnknown && schema.Kind == FieldKind.Any);

    private static bool IsGranularList(FieldSchema schema) => schema is { Kind: FieldKind.List, Topology: not ListTopology.Atomic };

    private static void Collect(FieldSchema schema, JsonNode? node, FieldSet set)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } obj when IsGranular(schema):
                foreach (var (name, value) in obj)
                {
                    var child = set.Open("f:" + name);
                    Collect(schema.Field(name) ?? FieldSchema.Anything, value, child);
                    child.IsMember |= schema.Kind == FieldKind.Map;
                }
                break;
            case JsonArray { Count: > 0 } array when IsGranularList(schema):
                foreach (var element in array)
                {
                    var child = set.Open(ElementEdge(schema, element));
                    Collect(schema.Element, element, child);
                    child.IsMember = true;
                }
                break;
            default:
                set.IsMember = true;
                break;
        }
    }

    private static void Compare(FieldSchema schema, JsonNode? before, JsonNode? now, FieldChanges at)
    {
        if (before is null && now is null)
        {
            return;
        }
        at.Added.IsMember |= before is null;
        at.Removed.IsMember |= now is null;
        if (IsGranular(schema) && (before ?? now) is JsonObject && (now ?? before) is JsonObject)
        {
            var (old, fresh) = (before as JsonObject ?? [], now as JsonObject ?? []);
            foreach (var name in old.Select(static p => p.Key).Union(fresh.Select(static p => p.Key)))
            {
                Descend(schema.Field(name) ?? FieldSchema.Anything, "f:" + name, old[name], fresh[name], at);
            }
        }
        else if (IsGranularList(schema) && (before ?? now) is JsonArray && (now ?? before) is JsonArray)
        {
            var old = Keyed(schema, before as JsonArray);
            var fresh = Keyed(schema, now as JsonArray);
            foreach (var edge in old.Keys.Union(fresh.Keys))
            {
                Descend(schema.Element, edge, old.GetValueOrDefault(edge), fresh.GetValueOrDefault(edge), at);
            }
        }
        else if (before is not null && now is not null && !JsonNode.DeepEquals(before, now))
        {
            at.Modified.IsMember = true;
        }
    }

    private static void Descend(FieldSchema schema, string edge, JsonNode? before, JsonNode? now, FieldChanges at)
    {
        var below = new FieldChanges(at.Added.Open(edge), at.Modified.Open(edge), at.Removed.Open(edge));
        Compare(schema, before, now, below);
        Drop(at.Added, edge);
        Drop(at.Modified, edge);
        Drop(at.Removed, edge);

        static void Drop(FieldSet set, string edge)
        {
            if (set.Children[edge].IsEmpty)
            {
                set.Cut(edge);
            }
        }
    }

    private static Dictionary<string, JsonNode?> Keyed(FieldSchema schema, JsonArray? array)
    {
        var keyed = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var element in array ?? [])
        {
            keyed.TryAdd(ElementEdge(schema, element), element); // Duplicates that client-side writers left count once.
        }
        return keyed;
    }

    private static JsonArray MergeList(FieldSchema schema, JsonArray live, JsonArray applied)
    {
        var wanted = Keyed(schema, applied);
        var existing = live.Select(e => (Edge: ElementEdge(schema, e), Element: e)).ToList();
        var merged = existing.ToDictionary(
            static e => e, e => wanted.TryGetValue(e.Edge, out var part) ? Merge(schema.Element, e.Element, part) : e.Element?.DeepClone());
        var known = existing.Select(static e => e.Edge).ToHashSet(StringComparer.Ordinal);
        // When the applied list names every element its order counts; otherwise the live order stays and new elements follow.
        if (known.All(wanted.ContainsKey))
        {
            var byEdge = existing.DistinctBy(static e => e.Edge).ToDictionary(static e => e.Edge, e => merged[e]);
            return [.. wanted.Select(w => byEdge.TryGetValue(w.Key, out var m) ? m : w.Value?.DeepClone())];
        }
        return [.. existing.Select(e => merged[e]), .. wanted.Where(w => !known.Contains(w.Key)).Select(static w => w.Value?.DeepClone())];
    }

    private static (FieldSchema Schema, JsonNode? Value) Find(FieldSchema schema, JsonNode? node, string edge) => node switch
    {
        JsonObject obj when edge.StartsWith("f:", StringComparison.Ordinal) => (schema.Field(edge[2..]) ?? FieldSchema.Anything, obj[edge[2..]]),
        JsonArray array when IsGranularList(schema) => (schema.Element, array.FirstOrDefault(e => ElementEdge(schema, e) == edge)),
        _ => (FieldSchema.Anything, null),
    };

    private static void RemoveElement(FieldSchema schema, JsonNode? node, string edge)
    {
        switch (node)
        {
            case JsonObject obj when edge.StartsWith("f:", StringComparison.Ordinal):
                obj.Remove(edge[2..]);
                break;
            case JsonArray array when IsGranularList(schema):
                for (var i = array.Count - 1; i >= 0; i--)
                {
                    if (ElementEdge(schema, array[i]) == edge)
                    {
                        array.RemoveAt(i);
                    }
                }
                break;
        }
    }
}
