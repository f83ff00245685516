using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Protobuf;

/// <summary>Turns <c>application/vnd.kubernetes.protobuf</c> bodies into documents, for the messages of <see cref="ProtobufMessages"/>.</summary>
internal static class ProtobufDocument
{
    private static readonly ProtobufField Any = new("", "", false, false);

    /// <exception cref="ApiStatusException">Broken bytes (BadRequest), or a message that is not known (UnsupportedMediaType).</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith("k8s\0"u8))
        {
            throw ApiStatusException.BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }
        // runtime.Unknown: 1 typeMeta {1 apiVersion, 2 kind}, 2 raw
        var (apiVersion, kind) = ("", "");
        ReadOnlySpan<byte> raw = default;
        var envelope = new ProtobufReader(body[4..]);
        while (envelope.Next(out var number, out _, out var payload))
        {
            if (number == 1)
            {
                var meta = new ProtobufReader(payload);
                while (meta.Next(out var field, out _, out var text))
                {
                    if (field == 1)
                    {
                        apiVersion = Encoding.UTF8.GetString(text);
                    }
                    else if (field == 2)
                    {
                        kind = Encoding.UTF8.GetString(text);
                    }
                }
            }
            else if (number == 2)
            {
                raw = payload;
            }
        }
        if (ProtobufMessages.Find(kind) is null)
        {
            throw ApiStatusException.UnsupportedMediaType($"application/json, application/yaml (protobuf is not read for {apiVersion} {kind})");
        }
        var document = Message(kind, raw, 0);
        (document["apiVersion"], document["kind"]) = (apiVersion, kind);
        return document;
    }

    private static JsonObject Message(string type, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > JsonDocuments.MaxDepth)
        {
            throw ApiStatusException.BadRequest("protobuf: the message is nested too deeply");
        }
        var (fields, document) = (ProtobufMessages.Find(type)!, new JsonObject());
        var reader = new ProtobufReader(bytes);
        while (reader.Next(out var number, out var varint, out var payload))
        {
            var field = fields.GetValueOrDefault(number, Any);
            if (field == Any)
            {
                continue;
            }
            if (field.IsMap)
            {
                var (key, value) = ("", (JsonNode?)"");
                var entry = new ProtobufReader(payload);
                while (entry.Next(out var part, out var v, out var p))
                {
                    if (part == 1)
                    {
                        key = Encoding.UTF8.GetString(p);
                    }
                    else
                    {
                        value = Value(field.Type, v, p, depth);
                    }
                }
                document.Child(field.Name)[key] = value;
            }
            else if (field.IsList)
            {
                if (document[field.Name] is not JsonArray list)
                {
                    document[field.Name] = list = [];
                }
                list.Add(Value(field.Type, varint, payload, depth));
            }
            else if (Value(field.Type, varint, payload, depth) is { } value && value.ToString().Length > 0)
            {
                document[field.Name] = value; // Empty text is how protobuf says "not given".
            }
        }
        return document;
    }

    private static JsonNode? Value(string type, ulong varint, ReadOnlySpan<byte> payload, int depth)
    {
        switch (type)
        {
            case "s":
                return Encoding.UTF8.GetString(payload);
            case "i":
                return (long)varint;
            case "z":
                return varint == 0 ? null : (long)varint;
            case "b":
                return varint != 0;
            case "y":
                return Convert.ToBase64String(payload);
            case "t":
                var seconds = Numbers(payload).GetValueOrDefault(1);
                return seconds is > 0 and < 253402300800 ? JsonDocuments.Timestamp(DateTimeOffset.FromUnixTimeSeconds((long)seconds)) : null;
            case "p":
                var reader = new ProtobufReader(payload);
                var (isText, number, text) = (false, 0L, "");
                while (reader.Next(out var field, out var v, out var p))
                {
                    switch (field)
                    {
                        case 1: isText = v == 1; break;
                        case 2: number = (long)v; break;
                        case 3: text = Encoding.UTF8.GetString(p); break;
                    }
                }
                return isText ? text : number == 0 ? null : number;
            case "q":
                var quantity = new ProtobufReader(payload);
                return quantity.Next(out _, out _, out var amount) ? Encoding.UTF8.GetString(amount) : "0";
            default:
                return Message(type, payload, depth + 1);
        }
    }

    private static Dictionary<int, ulong> Numbers(ReadOnlySpan<byte> payload)
    {
        var numbers = new Dictionary<int, ulong>();
        var reader = new ProtobufReader(payload);
        while (reader.Next(out var field, out var value, out _))
        {
            numbers[field] = value;
        }
        return numbers;
    }
}
