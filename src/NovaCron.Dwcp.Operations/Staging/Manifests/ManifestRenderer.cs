using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Operations.Staging.Manifests;

/// <summary>
/// Fills settings into parsed documents. A value can become a scalar, a list or an object, but never markup: it is put into the tree,
/// not into the text.
/// </summary>
internal static partial class ManifestRenderer
{
    public const string WhenAnnotation = "dwcp.novacron.io/when";

    /// <summary>Marker for "leave this key or element out".</summary>
    private static readonly JsonNode Omitted = JsonValue.Create("\0omitted")!;

    /// <summary>The document with its settings filled in, or null if its <c>when</c> says to leave it out.</summary>
    public static JsonObject? Render(ManifestTemplate template, ManifestSettings settings)
    {
        var document = ToJson(template, settings);
        if (document["metadata"] is JsonObject metadata && metadata["annotations"] is JsonObject annotations && annotations.ContainsKey(WhenAnnotation))
        {
            var when = annotations[WhenAnnotation]?.ToString();
            if (when is not ("true" or "false"))
                throw new ManifestException(template.File, template.Line, $"{WhenAnnotation} must become true or false, not '{when}'");
            if (when == "false")
                return null;
            annotations.Remove(WhenAnnotation);
            if (annotations.Count == 0)
                metadata.Remove("annotations");
        }

        return document;
    }

    /// <summary>The document as JSON; placeholders stay as they are when there are no settings.</summary>
    public static JsonObject ToJson(ManifestTemplate template, ManifestSettings? settings)
    {
        var document = (JsonObject)Convert(template.Root, template.File, settings)!;
        foreach (var key in new[] { "apiVersion", "kind" })
        {
            if (document[key] is not JsonValue value || !value.TryGetValue<string>(out _))
                throw new ManifestException(template.File, template.Line, $"{key} is missing");
        }

        if (document["metadata"]?["name"] is not JsonValue)
            throw new ManifestException(template.File, template.Line, "metadata.name is missing");
        return document;
    }

    private static JsonNode? Convert(YamlNode node, string file, ManifestSettings? settings)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                var map = new JsonObject();
                foreach (var (keyNode, valueNode) in mapping.Children)
                {
                    if (keyNode is not YamlScalarNode { Value: { } key })
                        throw new ManifestException(file, keyNode.Start.Line, "a key must be text");
                    var value = Convert(valueNode, file, settings);
                    if (!ReferenceEquals(value, Omitted))
                        map[key] = value;
                }

                return map;
            case YamlSequenceNode sequence:
                var list = new JsonArray();
                foreach (var child in sequence.Children)
                {
                    var value = Convert(child, file, settings);
                    if (!ReferenceEquals(value, Omitted))
                        list.Add(value);
                }

                return list;
            case YamlScalarNode scalar:
                return ConvertScalar(scalar, file, settings);
            default:
                throw new ManifestException(file, node.Start.Line, $"{node.NodeType} is not supported");
        }
    }

    private static JsonNode? ConvertScalar(YamlScalarNode scalar, string file, ManifestSettings? settings)
    {
        var text = scalar.Value ?? "";
        if (settings is not null && text.Contains("${", StringComparison.Ordinal))
        {
            var whole = Placeholder().Match(text);
            if (whole.Success && whole.Length == text.Length)
                return Lookup(whole).Value?.DeepClone() ?? Omitted;
            return Placeholder().Replace(text, match => Lookup(match).Value switch
            {
                JsonValue value => value.ToString(),
                null => "",
                _ => throw new ManifestException(file, scalar.Start.Line, $"{match.Value} is a list or an object and cannot be part of a text"),
            });
        }

        return scalar.Style == ScalarStyle.Plain ? ConvertPlain(text, scalar, file) : text;

        (string Name, JsonNode? Value) Lookup(Match match)
        {
            var name = match.Groups[1].Value;
            return settings.TryGet(name, out var value)
                ? (name, value)
                : throw new ManifestException(file, scalar.Start.Line, $"there is no setting '{name}'");
        }
    }

    /// <summary>Unquoted scalars by YAML 1.2's core schema; what YAML 1.1 reads differently must be written out.</summary>
    private static JsonNode? ConvertPlain(string text, YamlScalarNode scalar, string file)
    {
        switch (text)
        {
            case "" or "~" or "null":
                return null;
            case "true":
                return true;
            case "false":
                return false;
        }

        if (Ambiguous().IsMatch(text))
            throw new ManifestException(file, scalar.Start.Line, $"'{text}' means different things to different YAML readers: quote it, or write it as true, false or a decimal number");
        if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            return integer;
        if (Real().IsMatch(text) && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real))
            // Decimal keeps the digits: a double would turn 0.000001 into 1E-06.
            return real;
        return text;
    }

    [GeneratedRegex(@"\$\{([A-Za-z][A-Za-z0-9.]*)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE|Null|NULL|[-+]?0[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)$")]
    private static partial Regex Ambiguous();

    [GeneratedRegex("^[-+]?(?:0|[1-9][0-9]*)$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$")]
    private static partial Regex Real();
}
