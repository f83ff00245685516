using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>
/// The part of JSONPath that definitions of custom resources use: fields, quoted fields, indexes, wildcards and filters of the form
/// <c>[?(@.type=="Ready")]</c>.
/// </summary>
internal sealed partial class JsonPath
{
    private readonly IReadOnlyList<Func<JsonNode?, IEnumerable<JsonNode?>>> _steps;

    private JsonPath(IReadOnlyList<Func<JsonNode?, IEnumerable<JsonNode?>>> steps) => _steps = steps;

    /// <summary>Reads a path such as <c>.status.conditions[?(@.type=="Ready")].status</c>.</summary>
    public static JsonPath Parse(string text) => new([.. Segment().Matches(text).Select(StepOf)]);

    /// <summary>What the path finds.</summary>
    public IReadOnlyList<JsonNode?> Evaluate(JsonNode document) =>
        [.. _steps.Aggregate<Func<JsonNode?, IEnumerable<JsonNode?>>, IEnumerable<JsonNode?>>([document], static (nodes, step) => nodes.SelectMany(step))];

    private static Func<JsonNode?, IEnumerable<JsonNode?>> StepOf(Match match)
    {
        if (match.Groups["filter"].Success)
        {
            var (path, op, wanted) = (Parse(match.Groups["field"].Value), match.Groups["op"].Value, match.Groups["value"].Value.Trim('"', '\''));
            return n => (n as JsonArray ?? []).Where(e => e is not null && path.Evaluate(e) is [{ } v] && (v.ToString() == wanted) == (op == "=="));
        }
        if (match.Groups["index"].Success)
        {
            var index = int.Parse(match.Groups["index"].Value, CultureInfo.InvariantCulture);
            return n => n is JsonArray a && (index < 0 ? index + a.Count : index) is var at && at >= 0 && at < a.Count ? [a[at]] : [];
        }
        if (match.Groups["all"].Success)
        {
            return static n => n switch { JsonArray a => a, JsonObject o => o.Select(static p => p.Value), _ => [] };
        }
        var name = (match.Groups["quoted"].Success ? match.Groups["quoted"] : match.Groups["name"]).Value.Replace("\\.", ".", StringComparison.Ordinal);
        return n => n is JsonObject o && o.TryGetPropertyValue(name, out var v) ? [v] : [];
    }

    [GeneratedRegex(
        """\[\?\(\s*@(?<filter>(?<field>[^=!\s]+))\s*(?<op>==|!=)\s*(?<value>"[^"]*"|'[^']*'|[^)\s]+)\s*\)\]|\[(?<index>-?\d+)\]|(?<all>\[\*\]|\.\*)|\[['"](?<quoted>[^'"]+)['"]\]|\.(?<name>(?:\\\.|[^.\[\]])+)""",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Segment();
}
