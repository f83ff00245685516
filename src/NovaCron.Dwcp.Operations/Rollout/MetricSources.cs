using System.Globalization;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// Brings the two sources of metrics together: Prometheus stands in for a pod that gave none, and where both are there they must agree. Counters only
/// grow, so the older of two honest readings is never the larger one; no clocks of two machines are compared. Pure.
/// </summary>
public static class MetricSources
{
    /// <summary>So long after it was first seen a pod is missed in Prometheus.</summary>
    private static readonly TimeSpan DiscoveryTime = TimeSpan.FromMinutes(2);

    /// <summary>Readings with Prometheus' counters where the pod gave none, Prometheus has fresh ones, and they continue what is known.</summary>
    /// <param name="readings">What the pods answered.</param>
    /// <param name="prometheus">What Prometheus knows.</param>
    /// <param name="memory">What was known at the last check.</param>
    /// <param name="maximumAge">Age from which Prometheus is stale.</param>
    public static IReadOnlyList<PodReading> Complete(IReadOnlyList<PodReading> readings, PrometheusReading prometheus, GuardianMemory memory, TimeSpan maximumAge) =>
    [
        .. readings.Select(reading => reading.Metrics is null && prometheus.Pods.TryGetValue(reading.Pod.Name, out var known)
            && known.Metrics is { } metrics && known.Age <= maximumAge && Continues(metrics, reading.Pod, memory)
                ? reading with { Metrics = metrics, Problem = reading.Flags is null ? reading.Problem : null }
                : reading),
    ];

    /// <summary>In what the sources differ, one sentence for each pod.</summary>
    /// <param name="readings">What the pods answered, asked after Prometheus was.</param>
    /// <param name="prometheus">What Prometheus knows.</param>
    /// <param name="memory">What was known at the last check.</param>
    /// <param name="sinceLastCheck">Time since the last check.</param>
    /// <param name="maximumAge">Age from which Prometheus is stale.</param>
    /// <param name="now">Wall time, for the age of pods.</param>
    public static IReadOnlyList<string> Compare(
        IReadOnlyList<PodReading> readings, PrometheusReading prometheus, GuardianMemory memory, TimeSpan sinceLastCheck, TimeSpan maximumAge, DateTimeOffset now)
    {
        var problems = new List<string>();
        foreach (var reading in readings)
        {
            if (!prometheus.Pods.TryGetValue(reading.Pod.Name, out var known))
            {
                if (memory.Pods.TryGetValue(reading.Pod.Uid, out var before) && now - (before.FirstSeenAt ?? now) > DiscoveryTime) problems.Add($"{reading.Pod.Name} is not scraped by Prometheus");
                continue;
            }
            if (known.Metrics is null) problems.Add($"{reading.Pod.Name}: {known.Problem}");
            else if (known.Age > maximumAge) problems.Add(Text($"{reading.Pod.Name} was last scraped {known.Age.TotalSeconds:0} s ago"));
            // A process that began anew has counters of its own; the next check compares those.
            else if (reading.Metrics is { } metrics && Continues(metrics, reading.Pod, memory) && Differ(known, metrics, reading.Pod, memory, sinceLastCheck) is { } difference)
                problems.Add($"{reading.Pod.Name}: {difference}");
        }
        return problems;
    }

    private static string? Differ(PrometheusPod known, NodeMetrics metrics, RolloutPod pod, GuardianMemory memory, TimeSpan sinceLastCheck)
    {
        foreach (var (version, theirs, own) in new[] { ("v3", known.Metrics!.V3, metrics.V3), ("v1", known.Metrics.V1, metrics.V1) })
            if (!own.IsContinuationOf(theirs))
                return Text($"Prometheus counts {theirs.Judged} {version} requests and {theirs.ServerErrors} errors, more than the pod itself, which was asked later ({own.Judged} and {own.ServerErrors})");
        // Scraped after our last look (a second aside): then it has at least what we saw then.
        if (known.Age + TimeSpan.FromSeconds(1) < sinceLastCheck && !Continues(known.Metrics!, pod, memory))
            return Text($"Prometheus counts {known.Metrics!.V3.Judged} v3 requests, fewer than the pod had before it was last scraped");
        return null;
    }

    private static bool Continues(NodeMetrics metrics, RolloutPod pod, GuardianMemory memory) =>
        !memory.Pods.TryGetValue(pod.Uid, out var before) || ((before.V3 is null || metrics.V3.IsContinuationOf(before.V3)) && (before.V1 is null || metrics.V1.IsContinuationOf(before.V1)));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
