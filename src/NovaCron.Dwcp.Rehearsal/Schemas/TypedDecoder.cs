using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>
/// Reads a document against the schema of its kind as the real decoder does: undeclared fields are findings and are dropped, values of
/// the wrong type make the document unusable. Custom resources are only pruned here; their values are judged by validation.
/// </summary>
public static class TypedDecoder
{
    /// <summary>Drops undeclared fields from <paramref name="document"/> and returns them as findings.</summary>
    /// <exception cref="FormatException">A value of the wrong type; the message is the decoder's.</exception>
    public static IReadOnlyList<DecodeFinding> Decode(FieldSchema schema, JsonObject document)
    {
        var findings = new List<DecodeFinding>();
        Visit(schema, document, "", "", findings, schema.Source is null);
        return findings;
    }

    private static void Visit(FieldSchema schema, JsonNode node, string path, string owner, List<DecodeFinding> findings, bool typed)
    {
        if (typed)
        {
            CheckType(schema, node, path, owner);
        }
        switch (node)
        {
            case JsonObject obj when schema.Kind is FieldKind.Object or FieldKind.Map:
                foreach (var (name, value) in obj.ToList())
                {
                    var childPath = path.Length == 0 ? name : path + "." + name;
                    var child = schema.Field(name) ?? (schema.Embedded ? EmbeddedField(name) : null);
                    if (child is null)
                    {
                        findings.Add(new(childPath, $"unknown field \"{childPath}\""));
                        obj.Remove(name);
                    }
                    else if (value is null)
                    {
                        // null means "not given"; for custom resources nullable fields keep it.
                        if (child.Source?.Boolean("nullable") != true && child.Kind != FieldKind.Any)
                        {
                            obj.Remove(name);
                        }
                    }
                    else if (child.Kind != FieldKind.Any)
                    {
                        Visit(child, value, childPath, schema.TypeName, findings, typed || ReferenceEquals(child, CustomSchema.Metadata));
                    }
                }
                break;
            case JsonArray array when schema.Kind == FieldKind.List:
                for (var i = 0; i < array.Count; i++)
                {
                    if (array[i] is { } item)
                    {
                        Visit(schema.Element, item, $"{path}[{i}]", schema.Element.TypeName, findings, typed);
                    }
                }
                break;
        }
    }

    private static FieldSchema? EmbeddedField(string name) => name switch
    {
        "apiVersion" or "kind" => new() { Kind = FieldKind.Text },
        "metadata" => CustomSchema.Metadata,
        _ => null,
    };

    private static void CheckType(FieldSchema schema, JsonNode node, string path, string owner)
    {
        var kind = node.GetValueKind();
        var fits = schema.Kind switch
        {
            FieldKind.Object or FieldKind.Map => kind == JsonValueKind.Object,
            FieldKind.List => kind == JsonValueKind.Array,
            FieldKind.Text => kind == JsonValueKind.String,
            FieldKind.Int32 => (node as JsonValue).AsInteger() is >= int.MinValue and <= int.MaxValue,
            FieldKind.Int64 => (node as JsonValue).AsInteger() is not null,
            FieldKind.Number => kind == JsonValueKind.Number,
            FieldKind.Boolean => kind is JsonValueKind.True or JsonValueKind.False,
            FieldKind.IntOrText => kind == JsonValueKind.String || (node as JsonValue).AsInteger() is not null,
            FieldKind.Quantity => kind is JsonValueKind.String or JsonValueKind.Number,
            FieldKind.Time => kind == JsonValueKind.String,
            FieldKind.Bytes => kind == JsonValueKind.String,
            _ => true,
        };
        if (!fits)
        {
            var seen = kind switch
            {
                JsonValueKind.Number when schema.Kind is FieldKind.Int32 or FieldKind.Int64 => "number " + node.ToJsonString(),
                JsonValueKind.Number => "number",
                JsonValueKind.String => "string",
                JsonValueKind.True or JsonValueKind.False => "bool",
                JsonValueKind.Array => "array",
                _ => "object",
            };
            var wanted = GoType(schema);
            throw new FormatException(
                path.Length == 0
                    ? $"json: cannot unmarshal {seen} into Go value of type {wanted}"
                    : $"json: cannot unmarshal {seen} into Go struct field {owner}.{path} of type {wanted}");
        }
        switch (schema.Kind)
        {
            case FieldKind.Quantity when !QuantityText.TryParse(node.ToString(), out _):
                throw new FormatException(
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
            case FieldKind.Time when !DateTimeOffset.TryParse(
                node.GetValue<string>(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _):
                throw new FormatException(
                    $"parsing time {node.ToJsonString()} as \"2006-01-02T15:04:05Z07:00\": cannot parse {node.ToJsonString()} as \"2006\"");
            case FieldKind.Bytes when !Convert.TryFromBase64String(node.GetValue<string>(), new byte[node.GetValue<string>().Length], out _):
                throw new FormatException("illegal base64 data at input byte " + FirstBadBase64(node.GetValue<string>()).ToString(CultureInfo.InvariantCulture));
        }
    }

    private static int FirstBadBase64(string text)
    {
        var bad = text.AsSpan().IndexOfAnyExcept("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
        return bad < 0 ? text.Length : bad;
    }

    private static string GoType(FieldSchema schema) => schema.Kind switch
    {
        FieldKind.Object => schema.TypeName,
        FieldKind.Map => "map[string]" + GoType(schema.Element),
        FieldKind.List => "[]" + GoType(schema.Element),
        FieldKind.Text => "string",
        FieldKind.Int32 => "int32",
        FieldKind.Int64 => "int64",
        FieldKind.Number => "float64",
        FieldKind.Boolean => "bool",
        FieldKind.IntOrText => "intstr.IntOrString",
        FieldKind.Quantity => "resource.Quantity",
        FieldKind.Time => "time.Time",
        FieldKind.Bytes => "[]byte",
        _ => "interface {}",
    };
}
