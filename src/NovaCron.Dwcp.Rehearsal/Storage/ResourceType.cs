namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>
/// One served resource: group, version, plural name and kind. Two types with the same group and plural but different versions
/// share their objects (see <see cref="StorageKey"/>).
/// </summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, such as <c>v1</c>.</param>
/// <param name="Plural">Lower-case plural name, as in URLs.</param>
/// <param name="Kind">Kind, as in documents.</param>
/// <param name="Namespaced">Whether objects live in a namespace.</param>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    /// <summary>Lower-case singular name; kubectl accepts it in place of the plural.</summary>
    public string Singular { get; init; } = Kind.ToLowerInvariant();

    /// <summary>Abbreviations that kubectl accepts, such as <c>po</c>.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Groups of resources that kubectl accepts, such as <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Kind of list documents.</summary>
    public string ListKind { get; init; } = Kind + "List";

    /// <summary>Whether <c>status</c> is written through its own subresource only.</summary>
    public bool HasStatus { get; init; }

    /// <summary>The scale subresource, when there is one.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>Whether <c>metadata.generation</c> counts changes of the desired state.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Whether the type comes from a CustomResourceDefinition.</summary>
    public bool IsCustom { get; init; }

    /// <summary>What the store files objects under: <c>plural.group</c> without version.</summary>
    public string StorageKey { get; init; } = Group.Length == 0 ? Plural : Plural + "." + Group;

    /// <summary><c>v1</c> or <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    /// <summary><c>plural</c> or <c>plural.group</c>, as error texts name it.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : Plural + "." + Group;

    /// <inheritdoc/>
    public override string ToString() => ApiVersion + "/" + Plural;
}
