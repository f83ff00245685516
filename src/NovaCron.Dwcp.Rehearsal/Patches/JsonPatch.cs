using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>JSON patch, RFC 6902.</summary>
public static class JsonPatch
{
    // The real server's limit.
    private const int MaxOperations = 10_000;

    /// <summary>Returns <paramref name="target"/> with all operations applied; the target itself is left alone.</summary>
    /// <exception cref="ApiStatusException">An operation is malformed (BadRequest) or does not apply (Invalid).</exception>
    public static JsonObject Apply(JsonObject target, JsonArray operations)
    {
        if (operations.Count > MaxOperations)
        {
            throw new ApiStatusException(
                413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}");
        }
        JsonNode? document = target.DeepClone();
        foreach (var node in operations)
        {
            document = ApplyOne(document, node as JsonObject ?? throw ApiStatusException.BadRequest("json patch: an operation is not an object"));
        }
        return document as JsonObject ?? throw Unprocessable("the patch leaves no object");
    }

    private static JsonNode? ApplyOne(JsonNode? document, JsonObject operation)
    {
        var kind = operation.Text("op");
        var path = Pointer(operation, "path");
        switch (kind)
        {
            case "add":
                return Add(document, path, Value(operation), kind);
            case "remove":
                return Remove(document, path, kind).Document;
            case "replace":
                _ = Resolve(document, path, kind);
                return path.Length == 0 ? Value(operation) : Add(Remove(document, path, kind).Document, path, Value(operation), kind);
            case "move":
                var (rest, moved) = Remove(document, Pointer(operation, "from"), kind);
                return Add(rest, path, moved, kind);
            case "copy":
                return Add(document, path, Resolve(document, Pointer(operation, "from"), kind)?.DeepClone(), kind);
            case "test":
                return JsonNode.DeepEquals(Resolve(document, path, kind), Value(operation))
                    ? document
                    : throw Unprocessable($"testing value {operation.Text("path")} failed: test failed");
            default:
                throw ApiStatusException.BadRequest($"Unexpected kind: {kind}");
        }
    }

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value)
            ? value?.DeepClone()
            : throw ApiStatusException.BadRequest("json patch: an operation has no value");

    private static string[] Pointer(JsonObject operation, string key)
    {
        var text = operation.Text(key) ?? throw ApiStatusException.BadRequest($"json patch: an operation has no {key}");
        if (text.Length == 0)
        {
            return [];
        }
        return text[0] == '/'
            ? [.. text[1..].Split('/').Select(static s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
            : throw Unprocessable($"{operation.Text("op")} operation does not apply: doc is missing path: \"{text}\": missing value");
    }

    private static JsonNode? Resolve(JsonNode? node, ReadOnlySpan<string> path, string operation)
    {
        foreach (var segment in path)
        {
            node = node switch
            {
                JsonObject obj when obj.TryGetPropertyValue(segment, out var child) => child,
                JsonArray array => array[Index(segment, array.Count - 1, path, operation)],
                _ => throw Missing(path, operation),
            };
        }
        return node;
    }

    private static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value, string operation)
    {
        if (path.Length == 0)
        {
            return value;
        }
        var last = path[^1];
        switch (Resolve(document, path.AsSpan(..^1), operation))
        {
            case JsonObject obj:
                obj[last] = value;
                break;
            case JsonArray array:
                array.Insert(last == "-" ? array.Count : Index(last, array.Count, path, operation), value);
                break;
            default:
                throw Missing(path, operation);
        }
        return document;
    }

    private static (JsonNode? Document, JsonNode? Removed) Remove(JsonNode? document, string[] path, string operation)
    {
        if (path.Length == 0)
        {
            return (null, document);
        }
        var last = path[^1];
        JsonNode? removed;
        switch (Resolve(document, path.AsSpan(..^1), operation))
        {
            case JsonObject obj when obj.TryGetPropertyValue(last, out removed):
                obj.Remove(last);
                break;
            case JsonArray array:
                var index = Index(last, array.Count - 1, path, operation);
                removed = array[index];
                array.RemoveAt(index);
                break;
            default:
                throw Missing(path, operation);
        }
        return (document, removed);
    }

    private static int Index(string segment, int last, ReadOnlySpan<string> path, string operation) =>
        int.TryParse(segment, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) && index >= 0 && index <= last
            ? index
            : throw Missing(path, operation);

    private static ApiStatusException Missing(ReadOnlySpan<string> path, string operation) => Unprocessable(
        $"{operation} operation does not apply: doc is missing path: \"/{string.Join('/', path.ToArray())}\": missing value");

    private static ApiStatusException Unprocessable(string why) => new(422, "Invalid", "the server rejected our request due to an error in our request")
    {
        Causes = [new("UnexpectedServerResponse", why, null)],
    };
}
