using System.Text.Json.Nodes;
using k8s.Models;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// Whether an object still has everything that was applied to it, for callers who may read it and not write it (a dry run needs the permission to
/// write). What the server adds by itself is not looked at.
/// </summary>
internal static class DocumentSubset
{
    private static readonly string[] Keys = ["name", "mountPath"];

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
            case JsonArray list when live is JsonArray other && KeyOf(list) is { } key:
                foreach (var item in list.OfType<JsonObject>())
                {
                    var name = item[key]!.ToString();
                    Walk($"{path}/{name}", item, other.OfType<JsonObject>().FirstOrDefault(o => o[key]?.ToString() == name), changes);
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

    /// <summary>By what the items are told apart: their name, or the path where a volume is mounted, because one volume may be mounted at several.</summary>
    private static string? KeyOf(JsonArray list) =>
        Array.Find(Keys, key => list.Count > 0 && list.All(i => i is JsonObject item && item[key] is JsonValue) && list.Select(i => i![key]!.ToString()).Distinct().Count() == list.Count);

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
