using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>
/// What is known about one field: its shape, and how writers merge into it. Built-in kinds get theirs from the typed models of the
/// Kubernetes client, custom resources from the OpenAPI schema of their definition; everything that looks into documents (strict
/// decoding, pruning, patches, field ownership, <c>kubectl explain</c>) reads this one form.
/// </summary>
public sealed class FieldSchema
{
    private Lazy<IReadOnlyDictionary<string, FieldSchema>> _fields = new(static () => new Dictionary<string, FieldSchema>());
    private Lazy<FieldSchema>? _element;

    /// <summary>A field that may hold anything and is owned as a whole.</summary>
    public static FieldSchema Anything { get; } = new() { Kind = FieldKind.Any, PreservesUnknown = true };

    /// <summary>What the field holds.</summary>
    public required FieldKind Kind { get; init; }

    /// <summary>Name of the type, such as <c>DeploymentSpec</c>; empty for scalars and for custom resources.</summary>
    public string TypeName { get; init; } = "";

    /// <summary>Declared fields of an <see cref="FieldKind.Object"/>; resolved on first use, since types are recursive.</summary>
    public IReadOnlyDictionary<string, FieldSchema> Fields => _fields.Value;

    /// <summary>Values of a <see cref="FieldKind.Map"/> or elements of a <see cref="FieldKind.List"/>.</summary>
    public FieldSchema Element => _element?.Value ?? Anything;

    /// <summary>How a list's elements are told apart by server-side apply.</summary>
    public ListTopology Topology { get; init; }

    /// <summary>Key fields of a list with <see cref="ListTopology.Map"/>, with the value that a missing key stands for.</summary>
    public IReadOnlyList<ListKey> Keys { get; init; } = [];

    /// <summary>Key field by which strategic merge patches merge a list; <c>null</c> when they replace it.</summary>
    public string? PatchMergeKey { get; init; }

    /// <summary>Whether strategic merge patches add to a list of scalars instead of replacing it.</summary>
    public bool PatchMerges { get; init; }

    /// <summary>Whether an object or map is owned and replaced as a whole by server-side apply.</summary>
    public bool Atomic { get; init; }

    /// <summary>Whether undeclared fields are kept.</summary>
    public bool PreservesUnknown { get; init; }

    /// <summary>Whether the field is an object with metadata of its own (<c>x-kubernetes-embedded-resource</c>).</summary>
    public bool Embedded { get; init; }

    /// <summary>Whether a missing value is an error already for the decoder (numbers that are not optional decode to 0).</summary>
    public bool Required { get; init; }

    /// <summary>The OpenAPI schema from which this came, for custom resources.</summary>
    public JsonObject? Source { get; init; }

    /// <summary>The field with this name, or <c>null</c> when it is not declared.</summary>
    public FieldSchema? Field(string name) => Kind switch
    {
        FieldKind.Map => Element,
        FieldKind.Object => Fields.GetValueOrDefault(name) ?? (PreservesUnknown ? Anything : null),
        _ => PreservesUnknown ? Anything : null,
    };

    internal FieldSchema WithFields(Func<IReadOnlyDictionary<string, FieldSchema>> fields)
    {
        _fields = new(fields);
        return this;
    }

    internal FieldSchema WithElement(Func<FieldSchema> element)
    {
        _element = new(element);
        return this;
    }
}
