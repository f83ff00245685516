using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Writes Events. The same event again raises its count, as kubectl shows it (<c>x5 over 2m</c>).</summary>
/// <param name="store">Where they go.</param>
/// <param name="component">Who reports, such as <c>kubelet</c>.</param>
/// <param name="host">The node that reports; null for controllers.</param>
internal sealed class EventRecorder(ClusterStore store, string component, string? host = null)
{
    private readonly ConcurrentDictionary<(string Uid, string Reason, string Message), string> _names = new();

    public void Normal(JsonObject regarding, string reason, string message, string? fieldPath = null) =>
        Record(regarding, "Normal", reason, message, fieldPath);

    public void Warning(JsonObject regarding, string reason, string message, string? fieldPath = null) =>
        Record(regarding, "Warning", reason, message, fieldPath);

    private void Record(JsonObject regarding, string type, string reason, string message, string? fieldPath)
    {
        // Events of cluster-wide objects live in the default namespace.
        var ns = regarding.Namespace() is { Length: > 0 } own ? own : "default";
        var now = JsonDocuments.Timestamp(store.Clock.GetUtcNow());
        var key = (regarding.Uid(), reason, message);
        if (_names.TryGetValue(key, out var known) && store.Modify(ResourceTypes.Events, ns, known, present =>
            {
                present["count"] = (present.Integer("count") ?? 1) + 1;
                present["lastTimestamp"] = now;
                return true;
            }) is not null)
        {
            return;
        }

        var name = $"{regarding.Name()}.{Guid.NewGuid().ToString("n")[..16]}";
        var involved = new JsonObject
        {
            ["kind"] = regarding.Kind(),
            ["namespace"] = regarding.Namespace(),
            ["name"] = regarding.Name(),
            ["uid"] = regarding.Uid(),
            ["apiVersion"] = regarding.Text("apiVersion"),
            ["resourceVersion"] = regarding.ResourceVersion(),
        };
        if (fieldPath is not null)
        {
            involved["fieldPath"] = fieldPath;
        }
        var source = new JsonObject { ["component"] = component };
        if (host is not null)
        {
            source["host"] = host;
        }
        try
        {
            store.Create(ResourceTypes.Events, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
                ["involvedObject"] = involved,
                ["reason"] = reason,
                ["message"] = message,
                ["source"] = source,
                ["firstTimestamp"] = now,
                ["lastTimestamp"] = now,
                ["count"] = 1,
                ["type"] = type,
                ["eventTime"] = null,
                ["reportingComponent"] = component,
                ["reportingInstance"] = host ?? "",
            });
            _names[key] = name;
        }
        catch (ApiStatusException error) when (error.Reason is "NotFound" or "Forbidden")
        {
            // The namespace is gone or going, and with it everybody who could read the event.
        }
    }

    /// <summary>Forgets what was reported about an object that is gone.</summary>
    public void Forget(string uid)
    {
        foreach (var key in _names.Keys.Where(key => key.Uid == uid))
        {
            _names.TryRemove(key, out _);
        }
    }
}
