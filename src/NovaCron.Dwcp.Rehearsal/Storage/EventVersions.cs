using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Events have two versions with different field names; they are stored as <c>v1</c>.</summary>
internal static class EventVersions
{
    // Name in v1, name in events.k8s.io/v1.
    private static readonly (string Core, string Grouped)[] Names =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ];

    /// <summary>A v1 event as events.k8s.io/v1; changes the document.</summary>
    public static JsonObject ToGrouped(JsonObject document) =>
        Rename(document, ResourceTypes.GroupedEvents, Names.Select(static n => (n.Core, n.Grouped)));

    /// <summary>An events.k8s.io/v1 event as v1; changes the document.</summary>
    public static JsonObject ToCore(JsonObject document) =>
        Rename(document, ResourceTypes.Events, Names.Select(static n => (n.Grouped, n.Core)));

    private static JsonObject Rename(JsonObject document, ResourceType version, IEnumerable<(string From, string To)> names)
    {
        foreach (var (from, to) in names)
        {
            if (document[from] is { } value)
            {
                document.Remove(from);
                document[to] = value;
            }
        }
        document["apiVersion"] = version.ApiVersion;
        return document;
    }
}
