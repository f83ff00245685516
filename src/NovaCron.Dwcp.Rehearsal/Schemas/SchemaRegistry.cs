using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>Finds the schema of any served type; those of custom resources follow their definitions.</summary>
public sealed class SchemaRegistry(ClusterStore store)
{
    private readonly ConcurrentDictionary<(string Group, string Version, string Plural), (long Revision, JsonObject Version, FieldSchema Schema)> _custom = new();

    /// <summary>The schema of a type.</summary>
    public FieldSchema Find(ResourceType type) =>
        type.IsCustom ? Custom(type)?.Schema ?? FieldSchema.Anything : BuiltInSchemas.Find(type) ?? FieldSchema.Anything;

    /// <summary>The entry of <c>spec.versions</c> that defines a custom type (shared, read only), or <c>null</c>.</summary>
    public JsonObject? DefinitionVersion(ResourceType type) => type.IsCustom ? Custom(type)?.Version : null;

    private (JsonObject Version, FieldSchema Schema)? Custom(ResourceType type)
    {
        if (store.Find(ResourceTypes.CustomResourceDefinitions, null, type.QualifiedName) is not { } definition)
        {
            return null;
        }
        var key = (type.Group, type.Version, type.Plural);
        if (_custom.TryGetValue(key, out var cached) && cached.Revision == definition.Revision)
        {
            return (cached.Version, cached.Schema);
        }
        var version = definition.Document.At("spec.versions").Objects().FirstOrDefault(v => v.Text("name") == type.Version);
        if (version is null)
        {
            return null;
        }
        var schema = CustomSchema.Of(version);
        _custom[key] = (definition.Revision, version, schema);
        return (version, schema);
    }
}
