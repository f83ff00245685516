using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Selects objects by labels: from a <c>LabelSelector</c> in a document or from the text of a query.</summary>
public sealed partial class LabelSelector
{
    private readonly IReadOnlyList<Requirement> _requirements;
    private readonly bool _nothing;

    private LabelSelector(IReadOnlyList<Requirement> requirements, bool nothing = false)
    {
        _requirements = requirements;
        _nothing = nothing;
    }

    /// <summary>Selects everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Whether the selector lets everything through.</summary>
    public bool IsEmpty => _requirements.Count == 0 && !_nothing;

    /// <summary>From <c>matchLabels</c> and <c>matchExpressions</c>; <c>null</c> selects nothing, an empty selector everything.</summary>
    public static LabelSelector Of(JsonObject? selector)
    {
        if (selector is null)
        {
            return new([], nothing: true);
        }
        var requirements = selector["matchLabels"].TextPairs().Select(static p => new Requirement(p.Key, "In", [p.Value])).ToList();
        foreach (var expression in selector["matchExpressions"].Objects())
        {
            requirements.Add(new(expression.Text("key") ?? "", expression.Text("operator") ?? "", [.. expression["values"].Texts()]));
        }
        return new(requirements);
    }

    /// <summary>From a plain map of labels, as Services have; an absent or empty map selects nothing.</summary>
    public static LabelSelector OfLabels(JsonObject? labels)
    {
        var requirements = labels.TextPairs().Select(static p => new Requirement(p.Key, "In", [p.Value])).ToList();
        return new(requirements, requirements.Count == 0);
    }

    /// <summary>From text such as <c>app=web,tier in (a,b),!old</c>.</summary>
    /// <exception cref="ApiStatusException">The text is no selector (BadRequest).</exception>
    public static LabelSelector Parse(string text)
    {
        var requirements = new List<Requirement>();
        foreach (var part in SplitOutsideBrackets(text))
        {
            var match = Term().Match(part);
            if (!match.Success)
            {
                throw ApiStatusException.BadRequest($"unable to parse requirement: found '{part}', expected: identifier, '!', 'in', 'notin', '=', '==', '!='");
            }
            var key = match.Groups["key"].Value;
            if (match.Groups["not"].Success)
            {
                requirements.Add(new(key, "DoesNotExist", []));
            }
            else if (match.Groups["set"].Success)
            {
                var values = match.Groups["values"].Value.Split(',').Select(static v => v.Trim()).ToList();
                requirements.Add(new(key, match.Groups["set"].Value == "in" ? "In" : "NotIn", values));
            }
            else if (match.Groups["op"].Success)
            {
                var op = match.Groups["op"].Value;
                requirements.Add(new(key, op switch { "!=" => "NotIn", ">" => "Gt", "<" => "Lt", _ => "In" }, [match.Groups["value"].Value]));
            }
            else
            {
                requirements.Add(new(key, "Exists", []));
            }
        }
        return new(requirements);
    }

    /// <summary>Whether an object's labels satisfy the selector.</summary>
    public bool Matches(JsonObject document) => MatchesLabels(document.At("metadata.labels") as JsonObject);

    /// <summary>Whether labels satisfy the selector.</summary>
    public bool MatchesLabels(JsonObject? labels) => !_nothing && _requirements.All(r => r.Holds(labels?.Text(r.Key)));

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', _requirements);

    private static IEnumerable<string> SplitOutsideBrackets(string text)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                var part = text[start..i].Trim();
                if (part.Length > 0)
                {
                    yield return part;
                }
                start = i + 1;
            }
            else
            {
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            }
        }
    }

    [GeneratedRegex(
        @"^(?:(?<not>!)\s*(?<key>[\w./-]+)|(?<key>[\w./-]+)(?:\s+(?<set>in|notin)\s*\((?<values>[^()]*)\)|\s*(?<op>==|=|!=|>|<)\s*(?<value>[\w.-]*))?)$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Term();

    private sealed record Requirement(string Key, string Operator, IReadOnlyList<string> Values)
    {
        public bool Holds(string? value) => Operator switch
        {
            "In" => value is not null && Values.Contains(value),
            "NotIn" => value is null || !Values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => long.TryParse(value, out var v) && long.TryParse(Values[0], out var limit) && v > limit,
            "Lt" => long.TryParse(value, out var v) && long.TryParse(Values[0], out var limit) && v < limit,
            _ => false,
        };

        public override string ToString() => Operator switch
        {
            "In" when Values.Count == 1 => $"{Key}={Values[0]}",
            "In" => $"{Key} in ({string.Join(',', Values.Order(StringComparer.Ordinal))})",
            "NotIn" when Values.Count == 1 => $"{Key}!={Values[0]}",
            "NotIn" => $"{Key} notin ({string.Join(',', Values.Order(StringComparer.Ordinal))})",
            "DoesNotExist" => "!" + Key,
            _ => Key,
        };
    }
}
