using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Discovery;

/// <summary>
/// The schemas of all kinds as OpenAPI v3, one document a group and version: what <c>kubectl explain</c>, <c>apply</c> and its
/// validation read.
/// </summary>
internal sealed class OpenApiDocuments(ResourceTypeRegistry types, SchemaRegistry schemas)
{
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation", "force"];

    /// <summary>Media type of <see cref="Version2"/>.</summary>
    public const string Version2Media = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /// <summary>
    /// <c>/openapi/v2</c> as a protobuf <c>openapi.v2.Document</c>. kubectl still asks for it when it applies a <c>kind: List</c>, leaves alone what the document does
    /// not define, and has the server validate each item. The definitions are in the v3 documents, so this one has a swagger version (field 1), an info with title and
    /// version (field 2) and no paths (field 8).
    /// </summary>
    public static byte[] Version2 { get; } =
        [.. Text(1, "2.0"u8), .. Text(2, [.. Text(1, "Kubernetes"u8), .. Text(2, System.Text.Encoding.UTF8.GetBytes($"v1.{DiscoveryDocuments.Minor}.0"))]), .. Text(8, [])];

    // A length-delimited protobuf field of less than 128 bytes.
    private static byte[] Text(int field, ReadOnlySpan<byte> value) => [(byte)((field << 3) | 2), (byte)value.Length, .. value];

    /// <summary><c>/openapi/v3</c>: where the documents are.</summary>
    public JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var group in types.All.GroupBy(PathOf))
        {
            var hash = Convert.ToHexString(SHA256.HashData(JsonDocuments.Serialize(Document(group.Key))));
            paths[group.Key] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{group.Key}?hash={hash}" };
        }
        return new() { ["paths"] = paths };
    }

    /// <summary>The document of a group and version, such as <c>apis/apps/v1</c>; <c>null</c> when it is not served.</summary>
    public JsonObject? Find(string groupVersionPath) =>
        types.All.Any(t => PathOf(t) == groupVersionPath) ? Document(groupVersionPath) : null;

    private JsonObject Document(string groupVersionPath)
    {
        var (components, paths) = (new JsonObject(), new JsonObject());
        foreach (var type in types.All.Where(t => PathOf(t) == groupVersionPath))
        {
            var schema = schemas.Find(type);
            var name = type.IsCustom ? $"{string.Join('.', type.Group.Split('.').Reverse())}.{type.Version}.{type.Kind}" : Reference(schema);
            var definition = type.IsCustom ? CustomDefinition(schema, components) : Define(schema, components);
            definition["x-kubernetes-group-version-kind"] =
                new JsonArray(new JsonObject { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind });
            components[name] = definition;
            var url = $"/{groupVersionPath}/{(type.Namespaced ? "namespaces/{namespace}/" : "")}{type.Plural}";
            paths[url + "/{name}"] = new JsonObject { ["get"] = Operation(type, "get", name), ["patch"] = Operation(type, "patch", name), ["put"] = Operation(type, "put", name) };
            paths[url] = new JsonObject { ["post"] = Operation(type, "post", name) };
        }
        return new()
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = $"v1.{DiscoveryDocuments.Minor}.0" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = components },
        };
    }

    private static JsonObject Operation(ResourceType type, string action, string schema) => new()
    {
        ["operationId"] = $"{action}{type.Kind}",
        ["parameters"] = action == "get"
            ? []
            : new JsonArray([.. WriteParameters.Select(static p => (JsonNode)new JsonObject
            {
                ["name"] = p, ["in"] = "query", ["schema"] = new JsonObject { ["type"] = p == "force" ? "boolean" : "string", ["uniqueItems"] = true },
            })]),
        ["responses"] = new JsonObject
        {
            ["200"] = new JsonObject
            {
                ["description"] = "OK",
                ["content"] = new JsonObject
                {
                    ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + schema } },
                },
            },
        },
        ["x-kubernetes-action"] = action,
        ["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind },
    };

    private static JsonObject CustomDefinition(FieldSchema schema, JsonObject components)
    {
        var definition = (JsonObject)(schema.Source?.DeepClone() ?? new JsonObject());
        definition["type"] ??= "object";
        var properties = definition.Child("properties");
        properties["apiVersion"] = new JsonObject { ["type"] = "string" };
        properties["kind"] = new JsonObject { ["type"] = "string" };
        properties["metadata"] = Use(CustomSchema.Metadata, components);
        return definition;
    }

    private static string PathOf(ResourceType type) => type.Group.Length == 0 ? "api/" + type.Version : $"apis/{type.Group}/{type.Version}";

    private static string Reference(FieldSchema schema) => "io.k8s." + schema.TypeName;

    private static JsonObject Define(FieldSchema schema, JsonObject components)
    {
        var properties = new JsonObject();
        var definition = new JsonObject { ["type"] = "object", ["properties"] = properties };
        foreach (var (name, field) in schema.Fields)
        {
            properties[name] = Use(field, components);
        }
        if (schema.Atomic)
        {
            definition["x-kubernetes-map-type"] = "atomic";
        }
        return definition;
    }

    private static JsonObject Use(FieldSchema schema, JsonObject components)
    {
        switch (schema.Kind)
        {
            case FieldKind.Object:
                var reference = Reference(schema);
                if (!components.ContainsKey(reference))
                {
                    components[reference] = new JsonObject(); // Taken: types may contain themselves.
                    components[reference] = Define(schema, components);
                }
                return new() { ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = "#/components/schemas/" + reference }), ["default"] = new JsonObject() };
            case FieldKind.Map:
                return new() { ["type"] = "object", ["additionalProperties"] = Use(schema.Element, components) };
            case FieldKind.List:
                return List(schema, components);
            case FieldKind.Int32 or FieldKind.Int64:
                return new() { ["type"] = "integer", ["format"] = schema.Kind == FieldKind.Int32 ? "int32" : "int64" };
            case FieldKind.Number:
                return new() { ["type"] = "number", ["format"] = "double" };
            case FieldKind.Boolean:
                return new() { ["type"] = "boolean" };
            case FieldKind.IntOrText:
                return new() { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }), ["format"] = "int-or-string" };
            case FieldKind.Quantity:
                return new() { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["type"] = "number" }) };
            case FieldKind.Time:
                return new() { ["type"] = "string", ["format"] = "date-time" };
            case FieldKind.Bytes:
                return new() { ["type"] = "string", ["format"] = "byte" };
            case FieldKind.Text:
                return new() { ["type"] = "string" };
            default:
                return [];
        }
    }

    private static JsonObject List(FieldSchema schema, JsonObject components)
    {
        var list = new JsonObject
        {
            ["type"] = "array",
            ["items"] = Use(schema.Element, components),
            ["x-kubernetes-list-type"] = schema.Topology.ToString().ToLowerInvariant(),
        };
        if (schema.Topology == ListTopology.Map)
        {
            list["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.Keys.Select(static k => (JsonNode)k.Name)]);
        }
        if (schema.PatchMergeKey is { } key)
        {
            list["x-kubernetes-patch-merge-key"] = key;
            list["x-kubernetes-patch-strategy"] = "merge";
        }
        else if (schema.PatchMerges)
        {
            list["x-kubernetes-patch-strategy"] = "merge";
        }
        return list;
    }
}
