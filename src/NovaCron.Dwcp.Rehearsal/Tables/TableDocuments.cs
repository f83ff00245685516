using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>Documents of kind <c>Table</c>, from which kubectl prints.</summary>
internal static class TableDocuments
{
    private static readonly IReadOnlyList<TableColumn> Common =
    [
        new("Name", static (o, _) => o.Name()) { Format = "name", Description = "Name must be unique within a namespace." },
        new("Age", static (o, now) => Ages.Since(o.Metadata().Text("creationTimestamp"), now)) { Description = "Time since creation." },
    ];

    public static JsonObject TableOf(
        this ApiContext api, ResourceType type, IReadOnlyList<JsonObject> objects, TableFormat format, long revision)
    {
        var columns = type.IsCustom
            ? CustomColumns.Of(api.Schemas.DefinitionVersion(type))
            : BuiltInColumns.Find(type) ?? Common;
        var now = api.Store.Clock.GetUtcNow();
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) },
            ["columnDefinitions"] = new JsonArray([.. columns.Select(static c => (JsonNode)new JsonObject
            {
                ["name"] = c.Name, ["type"] = c.Type, ["format"] = c.Format, ["description"] = c.Description, ["priority"] = c.Priority,
            })]),
            ["rows"] = new JsonArray([.. objects.Select(o => (JsonNode)new JsonObject
            {
                ["cells"] = new JsonArray([.. columns.Select(c => c.Cell(o, now))]),
                ["object"] = Included(o, format),
            })]),
        };
    }

    private static JsonNode? Included(JsonObject document, TableFormat format) => format.IncludeObject switch
    {
        "None" => null,
        "Object" => document.DeepClone(),
        _ => new JsonObject
        {
            ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = document["metadata"]?.DeepClone(),
        },
    };
}
