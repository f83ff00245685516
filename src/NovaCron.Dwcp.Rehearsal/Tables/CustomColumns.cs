using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>The columns that a CustomResourceDefinition asks for.</summary>
internal static class CustomColumns
{
    private static readonly TableColumn Name =
        new("Name", static (o, _) => o.Name()) { Format = "name", Description = "Name must be unique within a namespace." };

    private static readonly TableColumn Age = new("Age", static (o, now) => Ages.Since(o.Metadata().Text("creationTimestamp"), now));

    public static IReadOnlyList<TableColumn> Of(JsonObject? definitionVersion)
    {
        var asked = definitionVersion?["additionalPrinterColumns"].Objects().ToList();
        if (asked is null or [])
        {
            return [Name, Age];
        }
        return [Name, .. asked.Select(static c =>
        {
            var (path, type) = (JsonPath.Parse(c.Text("jsonPath") ?? ""), c.Text("type") ?? "string");
            return new TableColumn(c.Text("name") ?? "", (o, now) => Cell(path.Evaluate(o), type, now))
            {
                Type = type, Format = c.Text("format") ?? "", Description = c.Text("description") ?? "", Priority = (int)(c.Integer("priority") ?? 0),
            };
        })];
    }

    private static JsonNode? Cell(IReadOnlyList<JsonNode?> found, string type, DateTimeOffset now)
    {
        if (found is [] or [null])
        {
            return null;
        }
        if (found is [JsonValue value])
        {
            switch (type)
            {
                case "integer" when value.AsInteger() is { } whole:
                    return whole;
                case "number" when value.GetValueKind() == JsonValueKind.Number:
                    return value.DeepClone();
                case "boolean" when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                    return value.DeepClone();
                case "date":
                    return Ages.Since(value.ToString(), now);
                case "string":
                    return value.GetValueKind() switch
                    {
                        JsonValueKind.True => "true",
                        JsonValueKind.False => "false",
                        _ => Convert.ToString(value.ToString(), CultureInfo.InvariantCulture),
                    };
            }
            return null;
        }
        return type == "string" ? string.Join(' ', found.Select(static f => f is JsonValue v ? v.ToString() : f?.ToJsonString() ?? "")) : null;
    }
}
