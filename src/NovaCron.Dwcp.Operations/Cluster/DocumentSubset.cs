using System.Text.Json.Nodes;
using k8s.Models;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// Whether an object still has everything that was applied to it, for callers who may read it and not write it (a dry run needs the permission to
/// write). What the server adds by itself is not looked at.
/// </summary>
internal static class DocumentSubset
{
    /// <summary>Every applied field that the live object lacks or has otherwise.</summary>
    public static IReadOnlyList<FieldChange> Missing(JsonObject applied, JsonObject live)
    {
        var changes = new List<FieldChange>();
        Walk("", applied, live, changes);
        return changes;
    }

    private static void Walk(string path, JsonNode? wanted, JsonNode? live, List<FieldChange> changes)
    {
        switch (wanted)
        {
            // The server drops what is empty.
            case null or JsonObject { Count: 0 } or JsonArray { Count: 0 } when live is null or JsonObject { Count: 0 } or JsonArray { Count: 0 }:
                return;
            case JsonObject map when live is JsonObject other:
                foreach (var (name, value) in map)
                    Walk($"{path}/{name}", value, other[name], changes);
                return;
            case JsonArray list when live is JsonArray other && IsKeyed(list):
                foreach (var item in list.OfType<JsonObject>())
                {
                    var name = item["name"]!.ToString();
                    Walk($"{path}/{name}", item, other.OfType<JsonObject>().FirstOrDefault(o => o["name"]?.ToString() == name), changes);
                }

                return;
            case JsonArray list when live is JsonArray other && list.Count == other.Count:
                for (var i = 0; i < list.Count; i++)
                    Walk($"{path}/{i}", list[i], other[i], changes);
                return;
            case JsonValue value when live is JsonValue other && AreEqual(value, other):
                return;
            default:
                changes.Add(new FieldChange(path, live?.ToJsonString(), wanted?.ToJsonString()));
                return;
        }
    }

    private static bool IsKeyed(JsonArray list) => list.Count > 0 && list.All(i => i is JsonObject { } item && item["name"] is JsonValue);

    /// <summary>The server keeps quantities in its own spelling (1000m is 1), and numbers of int-or-string fields as numbers.</summary>
    private static bool AreEqual(JsonValue wanted, JsonValue live)
    {
        if (wanted.ToString() == live.ToString())
            return true;
        return Quantity(wanted.ToString()) is { } a && Quantity(live.ToString()) is { } b && a == b;
    }

    private static decimal? Quantity(string text)
    {
        if (text.Length == 0 || !char.IsAsciiDigit(text[0]))
            return null;
        try
        {
            return new ResourceQuantity(text).ToDecimal();
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
