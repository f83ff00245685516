using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Label selectors of objects.</summary>
internal static class LabelSelection
{
    /// <summary>Whether a document's labels satisfy a LabelSelector (<c>matchLabels</c>, <c>matchExpressions</c>); a missing one matches nothing.</summary>
    public static bool Matches(JsonNode? selector, JsonObject document)
    {
        if (selector is not JsonObject present)
        {
            return false;
        }
        return MatchesAll(present["matchLabels"], document) && present["matchExpressions"].Objects().All(e => Holds(e, document));
    }

    /// <summary>Whether a document has all labels of a map, as Services select.</summary>
    public static bool MatchesAll(JsonNode? labels, JsonObject document) =>
        labels.TextPairs().All(pair => document.Label(pair.Key) == pair.Value);

    private static bool Holds(JsonObject expression, JsonObject document)
    {
        var value = document.Label(expression.Text("key") ?? "");
        var values = expression["values"].Texts();
        return expression.Text("operator") switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }
}
