using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Reading and writing documents the way the Kubernetes API does, and access to the metadata that every object has.</summary>
public static class JsonDocuments
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes text as it is, without escaping what HTML would need escaped.</summary>
    internal static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Deepest nesting that is read; the real server's limit for request bodies is of the same order.</summary>
    public const int MaxDepth = 128;

    /// <summary>The document as compact UTF-8 JSON.</summary>
    public static byte[] Serialize(JsonNode? document)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Compact))
        {
            if (document is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                document.WriteTo(writer);
            }
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Name, or an empty string.</summary>
    public static string Name(this JsonObject document) => document.MetadataText("name") ?? "";

    /// <summary>Namespace, or an empty string for cluster-wide objects.</summary>
    public static string Namespace(this JsonObject document) => document.MetadataText("namespace") ?? "";

    /// <summary>Uid, or an empty string before the object was created.</summary>
    public static string Uid(this JsonObject document) => document.MetadataText("uid") ?? "";

    /// <summary>Resource version, or an empty string.</summary>
    public static string ResourceVersion(this JsonObject document) => document.MetadataText("resourceVersion") ?? "";

    /// <summary>Whether a deletion has begun.</summary>
    public static bool IsDeleting(this JsonObject document) => document.MetadataText("deletionTimestamp") is not null;

    /// <summary>Kind, or an empty string.</summary>
    public static string Kind(this JsonObject document) => document.Text("kind") ?? "";

    /// <summary><c>metadata</c>, created when missing.</summary>
    public static JsonObject Metadata(this JsonObject document) => document.Child("metadata");

    /// <summary>The object at <paramref name="key"/>, created when missing or not an object.</summary>
    public static JsonObject Child(this JsonObject document, string key)
    {
        if (document[key] is JsonObject child)
        {
            return child;
        }
        child = [];
        document[key] = child;
        return child;
    }

    /// <summary>The text at <paramref name="key"/>, or <c>null</c> when it is missing or no text.</summary>
    public static string? Text(this JsonObject document, string key) =>
        document[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>The whole number at <paramref name="key"/>, or <c>null</c> when it is missing or no whole number.</summary>
    public static long? Integer(this JsonObject document, string key) => (document[key] as JsonValue).AsInteger();

    /// <summary>The boolean at <paramref name="key"/>, or <c>null</c>.</summary>
    public static bool? Boolean(this JsonObject document, string key) =>
        document[key] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    /// <summary>The node at a dotted path, such as <c>spec.template.metadata</c>; <c>null</c> when anything on the way is missing.</summary>
    public static JsonNode? At(this JsonObject document, string dottedPath)
    {
        JsonNode? node = document;
        foreach (var segment in dottedPath.TrimStart('.').Split('.'))
        {
            node = (node as JsonObject)?[segment];
            if (node is null)
            {
                return null;
            }
        }
        return node;
    }

    /// <summary>Sets the node at a dotted path and creates the objects on the way.</summary>
    public static void SetAt(this JsonObject document, string dottedPath, JsonNode? value)
    {
        var segments = dottedPath.TrimStart('.').Split('.');
        for (var i = 0; i < segments.Length - 1; i++)
        {
            document = document.Child(segments[i]);
        }
        document[segments[^1]] = value;
    }

    /// <summary>The whole number in a JSON value, whatever type holds it; <c>null</c> when it is something else.</summary>
    public static long? AsInteger(this JsonValue? value)
    {
        if (value is null || value.GetValueKind() != JsonValueKind.Number)
        {
            return null;
        }
        if (value.TryGetValue<long>(out var wide))
        {
            return wide;
        }
        if (value.TryGetValue<int>(out var narrow))
        {
            return narrow;
        }
        return value.TryGetValue<double>(out var real) && real == Math.Floor(real) && Math.Abs(real) < 1L << 53 ? (long)real : null;
    }

    /// <summary>The objects of an array; empty when the node is no array.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The texts of an array; empty when the node is no array.</summary>
    public static IEnumerable<string> Texts(this JsonNode? node) =>
        (node as JsonArray)?.OfType<JsonValue>().Select(static v => v.TryGetValue<string>(out var s) ? s : null).OfType<string>() ?? [];

    /// <summary>The text pairs of an object, as labels are; other values are left out.</summary>
    public static IEnumerable<KeyValuePair<string, string>> TextPairs(this JsonNode? node)
    {
        foreach (var (key, value) in node as JsonObject ?? [])
        {
            if (value is JsonValue scalar && scalar.TryGetValue<string>(out var text))
            {
                yield return new(key, text);
            }
        }
    }

    /// <summary>A time as the API writes it: UTC, whole seconds.</summary>
    public static string Timestamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A time as the API writes it in Events and Leases: UTC, microseconds.</summary>
    public static string MicroTimestamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static string? MetadataText(this JsonObject document, string key) => (document["metadata"] as JsonObject)?.Text(key);
}
