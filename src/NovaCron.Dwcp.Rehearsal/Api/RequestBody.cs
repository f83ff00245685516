using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Reads request bodies: JSON or YAML, bounded in size and depth, duplicates remembered.</summary>
internal static class RequestBody
{
    /// <summary>Largest body in bytes; the real server's limit.</summary>
    public const int MaxBytes = 3 * 1024 * 1024;

    // YAML aliases can expand without end; the real server allows a constant factor.
    private const int MaxYamlNodes = 200_000;

    /// <summary>Reads JSON. Of fields that occur twice the last one counts; their paths go into <paramref name="duplicates"/>.</summary>
    /// <exception cref="ApiStatusException">No JSON (BadRequest).</exception>
    public static JsonNode? ParseJson(ReadOnlySpan<byte> utf8, List<string>? duplicates = null)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonDocuments.MaxDepth });
        try
        {
            if (!reader.Read())
            {
                throw ApiStatusException.BadRequest("unexpected end of JSON input");
            }
            var node = ReadNode(ref reader, "", duplicates);
            return reader.Read() ? throw ApiStatusException.BadRequest("invalid character after top-level value") : node;
        }
        catch (JsonException e)
        {
            throw ApiStatusException.BadRequest("the object provided is unrecognized (must be of type Object): couldn't get version/kind; json parse error: " + e.Message);
        }
        catch (InvalidOperationException e)
        {
            // The reader accepts escaped lone surrogates as syntax; they cannot become text.
            throw ApiStatusException.BadRequest("the object provided is unrecognized: " + e.Message);
        }
    }

    /// <summary>Reads one YAML document, by the core schema.</summary>
    /// <exception cref="ApiStatusException">No YAML (BadRequest).</exception>
    public static JsonNode? ParseYaml(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var budget = MaxYamlNodes;
            return stream.Documents.Count == 0 ? null : ToJson(stream.Documents[0].RootNode, 0, ref budget);
        }
        catch (YamlException e)
        {
            throw ApiStatusException.BadRequest($"error decoding YAML: {e.Message}");
        }
        catch (ArgumentException e)
        {
            throw ApiStatusException.BadRequest($"error decoding YAML: {e.Message}");
        }
    }

    private static JsonNode? ReadNode(ref Utf8JsonReader reader, string path, List<string>? duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var obj = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    var childPath = path.Length == 0 ? name : path + "." + name;
                    reader.Read();
                    if (obj.ContainsKey(name))
                    {
                        duplicates?.Add(childPath);
                    }
                    obj[name] = ReadNode(ref reader, childPath, duplicates);
                }
                return obj;
            case JsonTokenType.StartArray:
                var array = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    array.Add(ReadNode(ref reader, $"{path}[{array.Count}]", duplicates));
                }
                return array;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole)
                    : reader.TryGetDouble(out var real) && double.IsFinite(real) ? JsonValue.Create(real)
                    : throw ApiStatusException.BadRequest("json: a number is out of range");
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }

    private static JsonNode? ToJson(YamlNode node, int depth, ref int budget)
    {
        if (depth > JsonDocuments.MaxDepth || --budget < 0)
        {
            throw ApiStatusException.BadRequest("error decoding YAML: the document is too deep or too large");
        }
        switch (node)
        {
            case YamlMappingNode mapping:
                var obj = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    obj[(key as YamlScalarNode)?.Value ?? ""] = ToJson(value, depth + 1, ref budget);
                }
                return obj;
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                foreach (var item in sequence.Children)
                {
                    array.Add(ToJson(item, depth + 1, ref budget));
                }
                return array;
            default:
                return Scalar((YamlScalarNode)node);
        }
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not ScalarStyle.Plain || scalar.Tag == "tag:yaml.org,2002:str")
        {
            return text;
        }
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            // YAML 1.1, which Kubernetes tools read, knows more words for truth than 1.2.
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                return true;
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                return false;
        }
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return text.Length > 1 && text[0] == '0' ? Convert.ToInt64(text, 8) : whole;
        }
        return text.AsSpan().IndexOfAnyExcept("0123456789+-.eE") < 0 && text.AsSpan().IndexOfAnyInRange('0', '9') >= 0
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : text;
    }
}
