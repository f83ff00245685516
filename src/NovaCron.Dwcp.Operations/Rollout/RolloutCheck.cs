using System.Globalization;
using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// Judges one round of readings: turns counters into differences, feeds the tests, and says whether v3 must go. Pure; all it remembers is in the memory
/// and the book that are passed in.
/// </summary>
public sealed class RolloutCheck(DwcpRolloutSpec spec, GuardianMemory memory, EvidenceBook book)
{
    /// <summary>
    /// A pod first seen within this time may be starting (scale-up, drain, restart); it does not count as unavailable yet. One that no machine has room for
    /// never does: that is the cluster's trouble, and v1 would run on the same pods.
    /// </summary>
    private static readonly TimeSpan StartGrace = TimeSpan.FromMinutes(1);

    /// <summary>Why metrics cannot be judged at this check, or null.</summary>
    public string? Missing { get; private set; }

    /// <summary>v1 and v3 since the last check; null where nothing is known.</summary>
    public RequestCounters? V1 { get; private set; }

    public RequestCounters? V3 { get; private set; }

    /// <summary>Somebody opened a v1 session or asked something of v1 since the last check, well or badly.</summary>
    public bool UsesV1 => V1 is { } used && used.Judged + used.ClientErrors + used.SessionsStarted > 0;

    /// <summary>Takes a round of readings into account.</summary>
    /// <param name="now">Wall time of the check.</param>
    /// <param name="percent">Percent that is commanded; at 0 nothing can trigger.</param>
    /// <param name="pods">All node pods.</param>
    /// <param name="deployment">The node Deployment, or null.</param>
    /// <param name="readings">What the ready pods answered.</param>
    /// <returns>Why v3 must be rolled back, or null.</returns>
    public RolloutTrigger? Observe(
        DateTimeOffset now, int percent, IReadOnlyList<RolloutPod> pods, RolloutDeployment? deployment, IReadOnlyList<PodReading> readings)
    {
        var corruptions = 0L;
        var restarts = 0;
        var unhealthy = default(PodReading);
        var sick = new List<string>();
        var missing = new List<string>();
        if (readings.Count == 0) missing.Add("no pod is ready");

        foreach (var pod in pods)
        {
            var known = memory.Pods.TryGetValue(pod.Uid, out var before);
            // Restarts of a pod that was there before the first check happened before it.
            if (known) restarts += Math.Max(0, pod.Restarts - before!.Restarts);
            else if (memory.LastCheckAt is { } last && pod.StartedAt > last) restarts += pod.Restarts;
            before ??= memory.Pods[pod.Uid] = new PodMemory();
            before.Restarts = pod.Restarts;
            before.FirstSeenAt ??= now;
        }
        memory.Restarts += restarts;

        foreach (var reading in readings)
        {
            var pod = memory.Pods[reading.Pod.Uid];
            pod.FailedHealth = reading.Healthy ? 0 : pod.FailedHealth + 1;
            if (pod.FailedHealth >= spec.Limits.FailedHealthChecks) unhealthy ??= reading;
            if (reading.Metrics is not { } metrics)
            {
                missing.Add($"{reading.Pod.Name}: {reading.Problem}");
                continue;
            }
            // Without a first scrape there is no difference: a pod that was born after the last check starts from zero, an older one from now.
            var born = memory.LastCheckAt is { } last && reading.Pod.StartedAt > last;
            var v1 = pod.V1 is not null ? metrics.V1.Since(pod.V1) : born ? metrics.V1 : metrics.V1.Since(metrics.V1);
            var v3 = pod.V3 is not null ? metrics.V3.Since(pod.V3) : born ? metrics.V3 : metrics.V3.Since(metrics.V3);
            try
            {
                // All that can fail comes before the assignment: a pod is counted wholly or not at all.
                _ = v3.SlowerThan(spec.Limits.SlowMilliseconds / 1000) + v1.SlowerThan(spec.Limits.SlowMilliseconds / 1000);
                (V1, V3) = (V1?.Plus(v1) ?? v1, V3?.Plus(v3) ?? v3);
            }
            catch (DwcpMetricsException e)
            {
                missing.Add($"{reading.Pod.Name}: {e.Message}");
                continue;
            }
            (pod.V1, pod.V3) = (metrics.V1, metrics.V3);
            corruptions += v3.Corruptions;
            sick.AddRange(metrics.ComponentHealth.Where(component => component.Value < 1).Select(component => $"{component.Key} on {reading.Pod.Name}"));
        }

        Missing = missing.Count == 0 ? null : string.Join("; ", missing.Take(3)) + (missing.Count > 3 ? $"; and {missing.Count - 3} more" : "");
        memory.MetricsMissingSince = Missing is null ? null : memory.MetricsMissingSince ?? now;
        ObserveCounts(memory.LastCheckAt is { } previous && now > previous ? Math.Clamp((now - previous) / spec.CheckInterval, 0.1, 1) : 1);

        var available = pods.Count(pod => pod is { Ready: true, Terminating: false });
        var starting = pods.Count(pod => pod is { Ready: false, Terminating: false, Restarts: 0 }
            && (pod.Unschedulable || now - (memory.Pods[pod.Uid].FirstSeenAt ?? now) < StartGrace));
        var lacking = deployment is not null && available + starting < deployment.Desired;
        memory.NotReadyChecks = lacking ? memory.NotReadyChecks + 1 : 0;
        memory.LastCheckAt = now;
        foreach (var gone in memory.Pods.Keys.Except(pods.Select(pod => pod.Uid)).ToList()) memory.Pods.Remove(gone);

        if (percent <= 0) return null;
        if (corruptions > 0) return new RolloutTrigger("Corruption", Text($"{corruptions} corrupt v3 transfers were detected since the last check."));
        if (sick.Count > 0) return new RolloutTrigger("ComponentHealth", $"Components report that they are not healthy: {string.Join(", ", sick.Take(6))}.");
        if (pods.FirstOrDefault(pod => pod.WaitingReason == "CrashLoopBackOff") is { } looping)
            return new RolloutTrigger("CrashLoop", Text($"Pod {looping.Name} is in CrashLoopBackOff after {looping.Restarts} restarts."));
        if (memory.Restarts >= spec.Limits.Restarts) return new RolloutTrigger("CrashLoop", Text($"Node containers restarted {memory.Restarts} times in this rollout."));
        if (book.Rejected is { } test) return new RolloutTrigger(ReasonOf(test.Name), Text($"{test.Detail}; evidence {Math.Exp(Math.Min(test.LogEvidence, 700)):0.#E+0} to 1."));
        if (unhealthy is not null)
            return new RolloutTrigger("HealthCheck", Text($"Pod {unhealthy.Pod.Name} failed {spec.Limits.FailedHealthChecks} health checks in a row."));
        if (memory.NotReadyChecks >= spec.Limits.NotReadyChecks)
            return new RolloutTrigger("PodsNotReady", Text($"{available} of {deployment?.Desired} pods were ready at {memory.NotReadyChecks} checks in a row."));
        if (memory.MetricsMissingSince is { } since && now - since >= spec.Limits.MissingMetrics)
            return new RolloutTrigger("MetricsMissing", Text($"Metrics have been missing for {GoDuration.Format(now - since)}: {Missing}"));
        return null;
    }

    private void ObserveCounts(double slice)
    {
        if (V3 is null || V1 is null)
        {
            return;
        }
        var slow = spec.Limits.SlowMilliseconds / 1000;
        var v3 = new VersionCounts(V3.Judged, Math.Min(V3.ServerErrors, V3.Judged), V3.Timed, V3.SlowerThan(slow));
        var v1 = new VersionCounts(V1.Judged, Math.Min(V1.ServerErrors, V1.Judged), V1.Timed, V1.Timed == 0 ? 0 : V1.SlowerThan(slow));
        memory.IdleChecks = v3.Requests == 0 ? memory.IdleChecks + 1 : 0;
        memory.V3 = Sum(memory.V3, v3);
        memory.V1 = Sum(memory.V1, v1);
        book.Observe(new EvidenceSample(v3, v1.Requests > 0 ? v1 : null, Latency(V3), Latency(V1), slice));
        memory.Tests = book.Save();
    }

    private static LatencyCounts? Latency(RequestCounters counters) =>
        counters.Timed > 0 ? new LatencyCounts(counters.BucketBounds, counters.CumulativeBuckets) : null;

    private static VersionCounts Sum(VersionCounts a, VersionCounts b) =>
        new(a.Requests + b.Requests, a.Errors + b.Errors, a.Timed + b.Timed, a.Slow + b.Slow);

    private static string ReasonOf(string test) => test switch
    {
        EvidenceBook.ErrorRate => "ErrorRate",
        EvidenceBook.SlowRequests => "SlowRequests",
        EvidenceBook.ErrorRateToV1 => "ErrorRateToV1",
        EvidenceBook.LatencyToV1 => "LatencyToV1",
        _ => test,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
