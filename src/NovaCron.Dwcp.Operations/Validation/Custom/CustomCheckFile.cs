using System.Globalization;
using System.Text.RegularExpressions;
using NovaCron.Dwcp.Operations.Staging;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Operations.Validation.Custom;

/// <summary>Reads the operator's own checks from YAML. Everything is bounded, and every complaint names file and line.</summary>
public static partial class CustomCheckFile
{
    /// <summary>Longest file, in characters.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>Most checks of one file.</summary>
    public const int MaximumChecks = 200;

    private const int MaximumDepth = 8;
    private const int MaximumText = 4096;

    /// <exception cref="DwcpValidationException">The file cannot be read, or is no list of checks.</exception>
    public static IReadOnlyList<CustomCheck> Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > 4L * MaximumLength)
                throw Bad(path, 0, $"is longer than {MaximumLength} characters");
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad(path, 0, $"cannot be read: {e.Message}");
        }
    }

    /// <exception cref="DwcpValidationException">The text is no list of checks.</exception>
    public static IReadOnlyList<CustomCheck> Parse(string file, string text)
    {
        if (text.Length > MaximumLength)
            throw Bad(file, 0, $"is longer than {MaximumLength} characters");
        YamlMappingNode root;
        try
        {
            CheckShape(file, text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            root = stream.Documents is [{ RootNode: YamlMappingNode map }] ? map : throw Bad(file, 1, "must be one mapping with the key checks");
        }
        catch (Exception e) when (YamlFailure.IsMalformed(e))
        {
            throw Bad(file, YamlFailure.LineOf(e), $"is no valid YAML: {e.Message}");
        }

        if (root.Children.Keys.FirstOrDefault(k => (k as YamlScalarNode)?.Value != "checks") is { } unknown)
            throw Bad(file, unknown.Start.Line, $"has an unknown key '{unknown}'; here is checks");
        if (!root.Children.TryGetValue(new YamlScalarNode("checks"), out var list) || list is not YamlSequenceNode { Children.Count: > 0 } checks)
            throw Bad(file, root.Start.Line, "must hold a list of checks");
        if (checks.Children.Count > MaximumChecks)
            throw Bad(file, checks.Start.Line, $"holds {checks.Children.Count} checks, at most {MaximumChecks} are read");
        var read = checks.Children.Select(c => ReadCheck(new Section(file, c))).ToList();
        return read.GroupBy(c => c.Id).FirstOrDefault(g => g.Count() > 1) is { } twice ? throw Bad(file, checks.Start.Line, $"has the id '{twice.Key}' twice") : read;
    }

    private static CustomCheck ReadCheck(Section section)
    {
        section.Allow("id", "title", "category", "severity", "remedy", "promql", "http", "field", "expect");
        var id = section.Text("id", required: true)!;
        if (!IdPattern().IsMatch(id))
            throw section.Bad("id", $"is '{id}', but must begin with custom- and consist of small letters, digits and hyphens, at most 63");
        var kinds = new[] { "promql", "http", "field" }.Where(section.Has).ToList();
        if (kinds.Count != 1)
            throw section.Bad(null, $"check {id} needs exactly one of promql, http and field, and has {(kinds.Count == 0 ? "none" : string.Join(", ", kinds))}");
        var expect = section.Has("expect") ? ReadExpectation(section.Nested("expect"), section.Has("http")) : new CustomExpectation();
        if (expect.IsEmpty && !section.Has("http"))
            throw section.Bad("expect", $"of check {id} expects nothing, so that it could not fail: give equals, contains, atLeast or atMost");
        return new CustomCheck
        {
            Id = id,
            Title = section.Text("title", required: true)!,
            Category = section.Choice<CheckCategory>("category"),
            Severity = section.Choice<CheckSeverity>("severity"),
            Remedy = section.Text("remedy", required: true)!,
            Promql = section.Text("promql"),
            Http = section.Text("http") is { } address ? ReadAddress(section, address) : null,
            Field = section.Has("field") ? ReadField(section.Nested("field")) : null,
            Expect = expect,
        };
    }

    private static Uri ReadAddress(Section section, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", UserInfo: "" }
            ? address
            : throw section.Bad("http", $"is '{text}', but must be an address such as https://host/path, without a password");

    private static CustomField ReadField(Section section)
    {
        section.Allow("apiVersion", "kind", "namespace", "name", "pointer");
        var field = new CustomField(section.Text("apiVersion", required: true)!, section.Text("kind", required: true)!, section.Text("namespace"), section.Text("name", required: true)!,
            section.Text("pointer", required: true)!);
        if (field.Kind.Equals("Secret", StringComparison.OrdinalIgnoreCase))
            throw section.Bad("kind", "is Secret; what is in Secrets must not get into reports");
        return field.Pointer.StartsWith('/') ? field : throw section.Bad("pointer", $"is '{field.Pointer}', but must be a JSON pointer such as /spec/replicas");
    }

    private static CustomExpectation ReadExpectation(Section section, bool isHttp)
    {
        section.Allow(isHttp ? ["equals", "contains", "atLeast", "atMost", "status"] : ["equals", "contains", "atLeast", "atMost"]);
        var status = section.Number("status") ?? 200;
        return status is >= 100 and <= 599 && status == Math.Floor(status)
            ? new CustomExpectation
            {
                EqualTo = section.Text("equals"), Contains = section.Text("contains"), AtLeast = section.Number("atLeast"), AtMost = section.Number("atMost"), Status = (int)status,
            }
            : throw section.Bad("status", "must be a status of HTTP, 100 to 599");
    }

    /// <summary>Depth and anchors, from the events: the tree is built by recursion, and an alias can make a small text large.</summary>
    private static void CheckShape(string file, string text)
    {
        var parser = new Parser(new StringReader(text));
        var depth = 0;
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case AnchorAlias or NodeEvent { Anchor.IsEmpty: false }:
                    throw Bad(file, parser.Current.Start.Line, "has an anchor or an alias, which are not read here");
                case MappingStart or SequenceStart when ++depth > MaximumDepth:
                    throw Bad(file, parser.Current.Start.Line, $"is nested deeper than {MaximumDepth}");
                case MappingEnd or SequenceEnd:
                    depth--;
                    break;
                default:
                    break;
            }
        }
    }

    private static DwcpValidationException Bad(string file, long line, string what) =>
        new(line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{file}:{line}") : file, what, "docs/validation.md shows how checks of your own are written.");

    [GeneratedRegex("^custom-[a-z0-9][a-z0-9-]{0,55}$")]
    private static partial Regex IdPattern();

    /// <summary>A mapping with few known keys.</summary>
    private sealed class Section(string file, YamlNode node)
    {
        private readonly YamlMappingNode _map = node as YamlMappingNode ?? throw CustomCheckFile.Bad(file, node.Start.Line, "must be a mapping here");

        public void Allow(params string[] keys)
        {
            if (_map.Children.Keys.FirstOrDefault(k => k is not YamlScalarNode { Value: { } key } || !keys.Contains(key)) is { } unknown)
                throw CustomCheckFile.Bad(file, unknown.Start.Line, $"has an unknown key '{ValidationContext.Start($"{unknown}")}'; here are {string.Join(", ", keys)}");
        }

        public bool Has(string key) => _map.Children.ContainsKey(new YamlScalarNode(key));

        public Section Nested(string key) => new(file, _map.Children[new YamlScalarNode(key)]);

        public string? Text(string key, bool required = false)
        {
            if (!_map.Children.TryGetValue(new YamlScalarNode(key), out var value))
                return required ? throw Bad(null, $"lacks {key}") : null;
            if (value is not YamlScalarNode { Value: { } text } || string.IsNullOrWhiteSpace(text))
                throw Bad(key, "must be a text");
            return text.Length <= MaximumText ? text : throw Bad(key, $"is longer than {MaximumText} characters");
        }

        public double? Number(string key) => Text(key) is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : throw Bad(key, $"is '{text}', but must be a number");

        public T Choice<T>(string key)
            where T : struct, Enum
        {
            var text = Text(key, required: true)!;
            return Enum.GetNames<T>().FirstOrDefault(n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse<T>(name) : throw Bad(key, $"is '{text}', but must be one of {string.Join(", ", Enum.GetNames<T>())}");
        }

        public DwcpValidationException Bad(string? key, string what) => CustomCheckFile.Bad(file,
            key is not null && _map.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value.Start.Line : _map.Start.Line, key is null ? what : $"{key} {what}");
    }
}
