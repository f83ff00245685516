using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>
/// A set of field paths as <c>managedFields</c> writes them (<c>fieldsV1</c>): a tree whose edges are <c>f:name</c> (field),
/// <c>k:{…}</c> (list element by key) and <c>v:…</c> (set element by value).
/// </summary>
public sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> _children = new(StringComparer.Ordinal);

    /// <summary>Whether the path that leads here is itself in the set.</summary>
    public bool IsMember { get; set; }

    /// <summary>Edges that lead on.</summary>
    public IReadOnlyDictionary<string, FieldSet> Children => _children;

    /// <summary>Whether no path is in the set.</summary>
    public bool IsEmpty => !IsMember && _children.Count == 0;

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    public static FieldSet Parse(JsonObject fields)
    {
        var set = new FieldSet();
        foreach (var (edge, value) in fields)
        {
            if (edge == ".")
            {
                set.IsMember = true;
                continue;
            }
            var child = value is JsonObject obj ? Parse(obj) : new FieldSet();
            if (child.IsEmpty)
            {
                child.IsMember = true; // A leaf is written as an empty object.
            }
            set._children[edge] = child;
        }
        return set;
    }

    /// <summary>Writes <c>fieldsV1</c>.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (IsMember && _children.Count > 0)
        {
            json["."] = new JsonObject();
        }
        foreach (var (edge, child) in _children)
        {
            json[edge] = child.ToJson();
        }
        return json;
    }

    /// <summary>The child at an edge, created when missing.</summary>
    public FieldSet Open(string edge)
    {
        if (!_children.TryGetValue(edge, out var child))
        {
            child = new();
            _children[edge] = child;
        }
        return child;
    }

    /// <summary>Takes an edge and everything below it away.</summary>
    public void Cut(string edge) => _children.Remove(edge);

    /// <summary>Paths in either set.</summary>
    public FieldSet Union(FieldSet other) => Combine(other, static (a, b) => a || b);

    /// <summary>Paths in both sets.</summary>
    public FieldSet Intersect(FieldSet other) => Combine(other, static (a, b) => a && b);

    /// <summary>Paths in this set that are not in the other.</summary>
    public FieldSet Except(FieldSet other) => Combine(other, static (a, b) => a && !b);

    /// <summary>Paths in this set that are neither in the other nor below one of its members.</summary>
    public FieldSet ExceptBelow(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && !other.IsMember };
        foreach (var (edge, child) in _children)
        {
            var rest = other._children.TryGetValue(edge, out var there)
                ? there is { IsMember: true, _children.Count: 0 } ? new FieldSet() : child.ExceptBelow(there)
                : child;
            if (!rest.IsEmpty)
            {
                result._children[edge] = rest;
            }
        }
        return result;
    }

    /// <summary>Whether both sets hold the same paths.</summary>
    public bool SetEquals(FieldSet other) =>
        IsMember == other.IsMember
        && _children.Count == other._children.Count
        && _children.All(c => other._children.TryGetValue(c.Key, out var there) && c.Value.SetEquals(there));

    /// <summary>All paths as people read them, such as <c>.spec.containers[name="web"].image</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        if (IsMember)
        {
            yield return prefix;
        }
        foreach (var (edge, child) in _children)
        {
            foreach (var path in child.Paths(prefix + Readable(edge)))
            {
                yield return path;
            }
        }
    }

    private static string Readable(string edge)
    {
        var text = edge[2..];
        return edge[0] switch
        {
            'f' => "." + text,
            'k' when JsonNode.Parse(text) is JsonObject key =>
                "[" + string.Join(",", key.Select(static k => k.Key + "=" + (k.Value?.ToJsonString(Relaxed) ?? "null"))) + "]",
            'v' => "[=" + text + "]",
            _ => "[" + text + "]",
        };
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private FieldSet Combine(FieldSet other, Func<bool, bool, bool> keep)
    {
        var result = new FieldSet { IsMember = keep(IsMember, other.IsMember) };
        foreach (var edge in _children.Keys.Union(other._children.Keys))
        {
            var child = (_children.GetValueOrDefault(edge) ?? Nothing).Combine(other._children.GetValueOrDefault(edge) ?? Nothing, keep);
            if (!child.IsEmpty)
            {
                result._children[edge] = child;
            }
        }
        return result;
    }

    private static readonly FieldSet Nothing = new();
}
