using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>The schema of a custom resource, from the OpenAPI schema in its definition.</summary>
public static class CustomSchema
{
    /// <summary>The schema of one version of a CustomResourceDefinition.</summary>
    public static FieldSchema Of(JsonObject definitionVersion)
    {
        var root = definitionVersion.At("schema.openAPIV3Schema") as JsonObject ?? [];
        return new FieldSchema
        {
            Kind = FieldKind.Object, Source = root, PreservesUnknown = root.Boolean("x-kubernetes-preserve-unknown-fields") == true,
        }.WithFields(() =>
        {
            var fields = FieldsOf(root);
            fields["apiVersion"] = new() { Kind = FieldKind.Text };
            fields["kind"] = new() { Kind = FieldKind.Text };
            fields["metadata"] = Metadata;
            return fields;
        });
    }

    /// <summary>The schema of <c>metadata</c>, the same for every kind.</summary>
    public static FieldSchema Metadata => BuiltInSchemas.Find("", "v1", "ConfigMap")!.Fields["metadata"];

    private static FieldSchema OfNode(JsonObject node)
    {
        var preserves = node.Boolean("x-kubernetes-preserve-unknown-fields") == true;
        if (node.Boolean("x-kubernetes-int-or-string") == true)
        {
            return new() { Kind = FieldKind.IntOrText, Source = node };
        }
        switch (node.Text("type"))
        {
            case "object" when node["properties"] is JsonObject:
                return new FieldSchema
                {
                    Kind = FieldKind.Object, Source = node, PreservesUnknown = preserves,
                    Atomic = node.Text("x-kubernetes-map-type") == "atomic",
                    Embedded = node.Boolean("x-kubernetes-embedded-resource") == true,
                }.WithFields(() => FieldsOf(node));
            case "object" when node["additionalProperties"] is JsonObject values:
                return new FieldSchema { Kind = FieldKind.Map, Source = node, Atomic = node.Text("x-kubernetes-map-type") == "atomic" }
                    .WithElement(() => OfNode(values));
            case "object":
                return new()
                {
                    Kind = FieldKind.Object, Source = node, PreservesUnknown = preserves || node.Boolean("additionalProperties") == true,
                };
            case "array":
                var items = node["items"] as JsonObject ?? [];
                var listType = node.Text("x-kubernetes-list-type");
                return new FieldSchema
                {
                    Kind = FieldKind.List, Source = node,
                    Topology = listType switch { "map" => ListTopology.Map, "set" => ListTopology.Set, _ => ListTopology.Atomic },
                    Keys = [.. node["x-kubernetes-list-map-keys"].Texts().Select(k => new ListKey(k, DefaultOf(items, k)))],
                }.WithElement(() => OfNode(items));
            default:
                return new()
                {
                    Kind = node.Text("type") switch
                    {
                        "string" => FieldKind.Text, "integer" => FieldKind.Int64, "number" => FieldKind.Number, "boolean" => FieldKind.Boolean,
                        _ => FieldKind.Any,
                    },
                    Source = node, PreservesUnknown = preserves || node.Text("type") is null,
                };
        }
    }

    private static Dictionary<string, FieldSchema> FieldsOf(JsonObject node)
    {
        var fields = new Dictionary<string, FieldSchema>(StringComparer.Ordinal);
        foreach (var (name, field) in node["properties"] as JsonObject ?? [])
        {
            if (field is JsonObject schema)
            {
                fields[name] = OfNode(schema);
            }
        }
        return fields;
    }

    private static string? DefaultOf(JsonObject items, string key) => ((items["properties"] as JsonObject)?[key] as JsonObject)?["default"]?.ToString();
}
