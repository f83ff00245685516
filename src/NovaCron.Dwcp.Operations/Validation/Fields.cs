using System.Globalization;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Reads fields of Kubernetes documents.</summary>
internal static class Fields
{
    public static string Name(this JsonObject document) => document["metadata"]?["name"]?.ToString() ?? "?";

    public static JsonNode? At(this JsonNode? node, params string[] path)
    {
        foreach (var step in path)
            node = (node as JsonObject)?[step];
        return node;
    }

    public static string? Text(this JsonNode? node, params string[] path) => At(node, path)?.ToString();

    public static long? Whole(this JsonNode? node, params string[] path) =>
        At(node, path) is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    public static bool? Flag(this JsonNode? node, params string[] path) =>
        At(node, path) is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static DateTimeOffset? Moment(this JsonNode? node, params string[] path) =>
        At(node, path) is { } value && DateTimeOffset.TryParse(value.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static IEnumerable<JsonObject> Items(this JsonNode? node, params string[] path) => (At(node, path) as JsonArray ?? []).OfType<JsonObject>();

    public static IEnumerable<string> Texts(this JsonNode? node, params string[] path) => (At(node, path) as JsonArray ?? []).Select(n => n?.ToString() ?? "");

    public static JsonObject? Condition(this JsonObject document, string type) =>
        document.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);

    /// <summary>Containers of a pod spec; init containers and those of kubectl debug included.</summary>
    public static IEnumerable<JsonObject> Containers(this JsonNode? podSpec) =>
        podSpec.Items("initContainers").Concat(podSpec.Items("containers")).Concat(podSpec.Items("ephemeralContainers"));
}
