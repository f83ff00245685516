using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>The columns of pods, whose status text is put together from many places.</summary>
internal static class PodColumns
{
    private const string None = "<none>";

    public static IReadOnlyList<TableColumn> All { get; } =
    [
        new("Name", static (o, _) => o.Name()) { Format = "name", Description = "Name must be unique within a namespace." },
        new("Ready", static (o, _) => $"{Statuses(o).Count(static s => s.Boolean("ready") == true)}/{o.At("spec.containers").Objects().Count()}"),
        new("Status", static (o, _) => Status(o)),
        new("Restarts", static (o, now) => Restarts(o, now)),
        new("Age", static (o, now) => Ages.Since(o.Metadata().Text("creationTimestamp"), now)),
        new("IP", static (o, _) => BuiltInColumns.TextAt(o, "status.podIP") ?? None) { Priority = 1 },
        new("Node", static (o, _) => BuiltInColumns.TextAt(o, "spec.nodeName") ?? None) { Priority = 1 },
        new("Nominated Node", static (o, _) => BuiltInColumns.TextAt(o, "status.nominatedNodeName") ?? None) { Priority = 1 },
        new("Readiness Gates", static (_, _) => None) { Priority = 1 },
    ];

    private static IEnumerable<JsonObject> Statuses(JsonObject pod) => pod.At("status.containerStatuses").Objects();

    private static string Status(JsonObject pod)
    {
        var reason = BuiltInColumns.TextAt(pod, "status.reason") ?? BuiltInColumns.TextAt(pod, "status.phase") ?? "Pending";
        var running = false;
        if (!Initialising(pod, ref reason))
        {
            foreach (var status in Statuses(pod).Reverse())
            {
                if (status.At("state.waiting.reason")?.ToString() is { Length: > 0 } waiting)
                {
                    reason = waiting;
                }
                else if (status.At("state.terminated") is JsonObject ended)
                {
                    reason = ended.Text("reason") ?? (ended.Integer("signal") is > 0 and var signal ? $"Signal:{signal}" : $"ExitCode:{ended.Integer("exitCode")}");
                }
                else if (status.Boolean("ready") == true && status.At("state.running") is not null)
                {
                    running = true;
                }
            }
            if (reason == "Completed" && running)
            {
                reason = pod.At("status.conditions").Objects().Any(static c => c.Text("type") == "Ready" && c.Text("status") == "True") ? "Running" : "NotReady";
            }
        }
        return pod.IsDeleting() ? "Terminating" : reason;
    }

    private static bool Initialising(JsonObject pod, ref string reason)
    {
        var total = pod.At("spec.initContainers").Objects().Count();
        var index = 0;
        foreach (var status in pod.At("status.initContainerStatuses").Objects())
        {
            if (status.At("state.terminated") is JsonObject ended)
            {
                if (ended.Integer("exitCode") != 0)
                {
                    reason = "Init:" + (ended.Text("reason") ?? $"ExitCode:{ended.Integer("exitCode")}");
                    return true;
                }
                index++;
                continue;
            }
            reason = status.At("state.waiting.reason")?.ToString() is { Length: > 0 } waiting and not "PodInitializing" ? "Init:" + waiting : $"Init:{index}/{total}";
            return true;
        }
        return false;
    }

    private static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var count = Statuses(pod).Sum(static s => s.Integer("restartCount") ?? 0);
        var last = Statuses(pod).Select(static s => s.At("lastState.terminated.finishedAt")?.ToString()).OfType<string>().Max(StringComparer.Ordinal);
        return count > 0 && last is not null ? $"{count} ({Ages.Since(last, now)} ago)" : $"{count}";
    }
}
