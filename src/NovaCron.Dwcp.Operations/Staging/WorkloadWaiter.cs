using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Waits until Deployments run what was applied, and can say at any moment why they do not yet.</summary>
internal sealed class WorkloadWaiter(ClusterConnection connection, string @namespace, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>A container that ended so often at its start does not become well by waiting.</summary>
    private const int HopelessRestarts = 5;

    private const string LastLine = ", last log line: ";

    /// <summary>How long failing probes are nothing to talk about.</summary>
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(20);

    public async Task WaitAsync(IReadOnlyList<string> deployments, TimeSpan limit, Action<string, bool> report, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var last = "";
        var told = new HashSet<string>();
        while (true)
        {
            var waiting = new List<string>();
            var problems = new List<string>();
            var hopeless = false;
            foreach (var name in deployments)
            {
                var deployment = await connection.GetAsync(ClusterResource.Deployment, @namespace, name, cancellationToken).ConfigureAwait(false);
                var (ready, desired, isDone) = Judge(deployment);
                if (isDone)
                    continue;
                waiting.Add(string.Create(CultureInfo.InvariantCulture, $"{name} {ready}/{desired}"));
                var (found, giveUp) = await ExplainAsync(deployment, cancellationToken).ConfigureAwait(false);
                problems.AddRange(found);
                hopeless |= giveUp;
            }

            if (waiting.Count == 0)
                return;
            var text = $"waiting for {string.Join(", ", waiting)}{(problems.Count > 0 ? ": " + string.Join("; ", problems.Distinct()) : "")}";
            // A crash loop reads differently at every look. Each problem is a warning once, and progress from then on.
            var isNews = problems.Count(p => told.Add(Gist(p))) > 0;
            if (text != last)
                report(text, isNews);
            last = text;
            if (hopeless || time.GetElapsedTime(started) > limit)
            {
                var why = problems.Count > 0 ? string.Join("; ", problems.Distinct()) : "no event says why";
                throw new DwcpStagingException(StagingStage.Workloads, $"Deployments {string.Join(", ", waiting.Select(w => $"{@namespace}/{w}"))}",
                    hopeless
                        ? $"will not become ready: {why}"
                        : string.Create(CultureInfo.InvariantCulture, $"not ready after {limit.TotalSeconds:0} s: {why}"),
                    "Correct what is named and deploy again; it continues here.");
            }

            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ready means: the newest generation was seen, all pods are of it, ready, and none of an older one is left.</summary>
    internal static (int Ready, int Desired, bool IsDone) Judge(JsonObject deployment)
    {
        var desired = Number(deployment["spec"]?["replicas"]) ?? 1;
        var status = deployment["status"];
        var ready = Number(status?["readyReplicas"]) ?? 0;
        var updated = Number(status?["updatedReplicas"]) ?? 0;
        var total = Number(status?["replicas"]) ?? 0;
        var available = Number(status?["availableReplicas"]) ?? 0;
        var seen = Number(status?["observedGeneration"]) ?? 0;
        var generation = Number(deployment["metadata"]?["generation"]) ?? 0;
        return ((int)ready, (int)desired, seen >= generation && updated == desired && total == desired && ready == desired && available == desired);
    }

    private async Task<(List<string> Problems, bool Hopeless)> ExplainAsync(JsonObject deployment, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var hopeless = false;
        var selector = string.Join(',', (deployment["spec"]?["selector"]?["matchLabels"] as JsonObject ?? []).Select(l => $"{l.Key}={l.Value}"));
        var pods = await connection.ListAsync(ClusterResource.Pod, @namespace, selector, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var condition in (deployment["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            // Quota and admission refuse pods before there is one to ask.
            if (condition["type"]?.ToString() == "ReplicaFailure" && condition["status"]?.ToString() == "True")
                problems.Add($"{deployment["metadata"]?["name"]}: {condition["reason"]}: {condition["message"]}");
        }

        problems.AddRange(await ExplainClaimsAsync(deployment, cancellationToken).ConfigureAwait(false));
        foreach (var pod in pods.Where(p => p["metadata"]?["deletionTimestamp"] is null))
        {
            var (problem, giveUp) = await ExplainPodAsync(pod, cancellationToken).ConfigureAwait(false);
            hopeless |= giveUp;
            if (problem is not null)
                problems.Add(problem);
        }

        return (problems, hopeless);
    }

    /// <summary>Claims of the pods that have no volume, with what their provisioner said last.</summary>
    private async Task<List<string>> ExplainClaimsAsync(JsonObject deployment, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var name in (deployment["spec"]?["template"]?["spec"]?["volumes"] as JsonArray ?? []).Select(v => v?["persistentVolumeClaim"]?["claimName"]?.ToString()).OfType<string>())
        {
            var claim = await connection.FindAsync(ClusterResource.PersistentVolumeClaim, @namespace, name, cancellationToken).ConfigureAwait(false);
            if (claim?["status"]?["phase"]?.ToString() == "Bound")
                continue;
            var events = await connection.ListEventsAsync(@namespace, "PersistentVolumeClaim", name, cancellationToken).ConfigureAwait(false);
            if (claim is null)
                problems.Add($"claim {name} does not exist");
            else if (events.LastOrDefault(e => e.IsWarning || e.Reason == "FailedBinding") is { } said)
                problems.Add($"claim {name} is {claim["status"]?["phase"]?.ToString() ?? "new"}: {said}");
        }

        return problems;
    }

    /// <summary>Why a pod is not ready, or null if it is, or nothing is wrong yet.</summary>
    public async Task<(string? Problem, bool Hopeless)> ExplainPodAsync(JsonObject pod, CancellationToken cancellationToken)
    {
        var name = pod["metadata"]?["name"]?.ToString() ?? "?";
        foreach (var condition in (pod["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (condition["type"]?.ToString() == "PodScheduled" && condition["status"]?.ToString() == "False")
                return ($"pod {name} is not scheduled: {condition["message"]}", false);
        }

        foreach (var container in (pod["status"]?["containerStatuses"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var waiting = container["state"]?["waiting"];
            var reason = waiting?["reason"]?.ToString();
            var restarts = Number(container["restartCount"]) ?? 0;
            if (reason is not null and not "ContainerCreating" and not "PodInitializing")
            {
                var text = $"pod {name}: {reason}{(waiting?["message"] is { } message ? $": {message}" : "")}";
                if (reason == "CrashLoopBackOff" || restarts > 0)
                    text += await LastLineAsync(name, container["name"]?.ToString(), previous: true, cancellationToken).ConfigureAwait(false);
                else if (reason is "ErrImagePull" or "ImagePullBackOff" or "ErrImageNeverPull")
                    text += WhereFrom(ImageOf(pod, container["name"]?.ToString()));
                return (text, reason is "InvalidImageName" or "ErrImageNeverPull" || (reason == "CrashLoopBackOff" && restarts >= HopelessRestarts));
            }

            if (container["ready"]?.GetValue<bool>() != true && restarts > 0)
            {
                var ended = container["lastState"]?["terminated"];
                return ($"pod {name} restarted {restarts} times (exit code {ended?["exitCode"]?.ToString() ?? "?"} {ended?["reason"]})"
                    + await LastLineAsync(name, container["name"]?.ToString(), previous: true, cancellationToken).ConfigureAwait(false), false);
            }
        }

        // A pod that has only just started fails probes until it listens; that is what startup probes are for.
        if (IsReady(pod) || (StartedAt(pod) is { } started && time.GetUtcNow() - started < SettlingTime))
            return (null, false);
        var events = await connection.ListEventsAsync(@namespace, "Pod", name, cancellationToken).ConfigureAwait(false);
        return events.LastOrDefault(e => e.IsWarning) is { } warning
            ? ($"pod {name}: {warning}" + await LastLineAsync(name, null, previous: false, cancellationToken).ConfigureAwait(false), false)
            : (null, false);
    }

    private static string ImageOf(JsonObject pod, string? container) =>
        (pod["spec"]?["containers"] as JsonArray ?? []).FirstOrDefault(c => c?["name"]?.ToString() == container)?["image"]?.ToString() ?? "";

    /// <summary>A name without a registry was meant to be on the machine already: how it gets there.</summary>
    private static string WhereFrom(string image)
    {
        var first = image.Split('/')[0];
        var isLocal = first == "localhost" || !image.Contains('/') || !first.Any(c => c is '.' or ':');
        return !isLocal
            ? ""
            : $" ({image} names no registry, so it must be on every machine: kind load docker-image {image}; or docker save {image} | k3s ctr images import -; or name a registry with -ImageSource and -Registry)";
    }

    /// <summary>A problem without what changes from look to look: counts, times and the log.</summary>
    private static string Gist(string problem) => string.Concat(problem.Split(LastLine)[0].Where(c => !char.IsDigit(c)));

    internal static bool IsReady(JsonObject pod) =>
        pod["metadata"]?["deletionTimestamp"] is null
        && (pod["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>().Any(c => c["type"]?.ToString() == "Ready" && c["status"]?.ToString() == "True");

    private async Task<string> LastLineAsync(string pod, string? container, bool previous, CancellationToken cancellationToken)
    {
        try
        {
            var log = await connection.ReadLogAsync(@namespace, pod, new PodLogOptions { Container = container, Previous = previous, TailLines = 3 }, cancellationToken)
                .ConfigureAwait(false);
            var line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
            // What the kubelet answers, with success, for a container whose log it has removed.
            return line is null || line.StartsWith("unable to retrieve container logs", StringComparison.Ordinal) ? "" : LastLine + Shorten(line);
        }
        catch (DwcpClusterException e) when (e.Failure is not ClusterFailure.Unauthorized)
        {
            // The log is an addition to a problem that is being told; a container that never ran has none.
            return e.Failure == ClusterFailure.Forbidden ? " (its log may not be read)" : "";
        }
    }

    /// <summary>A structured line by its message, and not more of any than a terminal shows.</summary>
    private static string Shorten(string line)
    {
        try
        {
            if (line.StartsWith('{') && JsonNode.Parse(line) is JsonObject entry && entry["message"] is { } message)
                line = $"{entry["level"]}: {message}";
        }
        catch (JsonException)
        {
            // Half a line of JSON is shown as it is.
        }

        // What a program complains about stands at the end of its line.
        return line.Length > 300 ? line[..60] + " ... " + line[^240..] : line;
    }

    private static DateTimeOffset? StartedAt(JsonObject pod) =>
        pod["status"]?["startTime"] is { } text && DateTimeOffset.TryParse(text.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    private static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;
}
