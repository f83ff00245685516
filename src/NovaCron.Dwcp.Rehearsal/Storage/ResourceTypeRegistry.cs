using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>All types that the cluster serves now: the built-in ones and those of its CustomResourceDefinitions.</summary>
public sealed class ResourceTypeRegistry
{
    private volatile Index _index = new(ResourceTypes.BuiltIn);

    /// <summary>Every served type.</summary>
    public IReadOnlyList<ResourceType> All => _index.All;

    /// <summary>The type at <c>/apis/{group}/{version}/{plural}</c>, or <c>null</c>.</summary>
    public ResourceType? Find(string group, string version, string plural) =>
        _index.ByPath.GetValueOrDefault((group, version, plural));

    /// <summary>The type of documents with this <c>apiVersion</c> and <c>kind</c>, or <c>null</c>.</summary>
    public ResourceType? FindKind(string apiVersion, string kind) => _index.ByKind.GetValueOrDefault((apiVersion, kind));

    /// <summary>Some served version of a resource, whatever the version; <c>null</c> when the resource is not served.</summary>
    public ResourceType? FindAnyVersion(string group, string plural) =>
        _index.All.FirstOrDefault(t => t.Group == group && t.Plural == plural);

    /// <summary>The types that a CustomResourceDefinition asks for, one a served version, the preferred version first.</summary>
    public static IReadOnlyList<ResourceType> TypesOf(JsonObject definition)
    {
        var spec = definition.Child("spec");
        var names = spec.Child("names");
        var kind = names.Text("kind") ?? "";
        return
        [
            .. spec["versions"].Objects().Where(static v => v.Boolean("served") == true).Select(v =>
                new ResourceType(spec.Text("group") ?? "", v.Text("name") ?? "", names.Text("plural") ?? "", kind, spec.Text("scope") == "Namespaced")
                {
                    Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
                    ListKind = names.Text("listKind") ?? kind + "List",
                    ShortNames = [.. names["shortNames"].Texts()],
                    Categories = [.. names["categories"].Texts()],
                    HasStatus = v.At("subresources.status") is JsonObject,
                    HasGeneration = true,
                    IsCustom = true,
                    Scale = v.At("subresources.scale") is JsonObject scale
                        ? new ScalePaths(
                            scale.Text("specReplicasPath") ?? ".spec.replicas",
                            scale.Text("statusReplicasPath") ?? ".status.replicas",
                            scale.Text("labelSelectorPath"))
                        : null,
                }),
        ];
    }

    internal void Rebuild(IEnumerable<JsonObject> definitions) =>
        _index = new([.. ResourceTypes.BuiltIn, .. definitions.Where(static d => !d.IsDeleting()).SelectMany(TypesOf)]);

    private sealed class Index(IReadOnlyList<ResourceType> all)
    {
        public IReadOnlyList<ResourceType> All { get; } = all;

        public FrozenDictionary<(string Group, string Version, string Plural), ResourceType> ByPath { get; } =
            all.DistinctBy(static t => (t.Group, t.Version, t.Plural)).ToFrozenDictionary(static t => (t.Group, t.Version, t.Plural));

        public FrozenDictionary<(string ApiVersion, string Kind), ResourceType> ByKind { get; } =
            all.DistinctBy(static t => (t.ApiVersion, t.Kind)).ToFrozenDictionary(static t => (t.ApiVersion, t.Kind));
    }
}
