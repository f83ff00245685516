using System.Globalization;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Which percent comes after which. Pure.</summary>
public static class RolloutPlan
{
    /// <summary>The steps up to the target: every phase at its percent, the last one cut off at the target.</summary>
    public static IReadOnlyList<RolloutStep> Steps(DwcpRolloutSpec spec)
    {
        var steps = new List<RolloutStep>();
        var reached = 0;
        foreach (var phase in spec.Phases.OrderBy(phase => phase.Percent))
        {
            var percent = Math.Min(phase.Percent, spec.TargetPercent);
            if (percent <= reached) continue;
            steps.Add(new RolloutStep(phase, percent));
            reached = percent;
        }
        return steps;
    }

    /// <summary>The step after the present percent; null when the target is reached or nothing is asked for.</summary>
    public static RolloutStep? Next(DwcpRolloutSpec spec, int percent) => Steps(spec).FirstOrDefault(step => step.Percent > percent);

    /// <summary>The phase that a percent lies in: the first whose percent is not below it; null for 0.</summary>
    public static RolloutPhase? PhaseAt(DwcpRolloutSpec spec, int percent) =>
        percent <= 0 ? null : spec.Phases.OrderBy(phase => phase.Percent).FirstOrDefault(phase => phase.Percent >= percent);

    /// <summary>What is wrong with a spec, or null.</summary>
    public static string? Check(DwcpRolloutSpec spec) => CheckSteps(spec) ?? CheckLimits(spec);

    /// <summary>The same without the limits.</summary>
    internal static string? CheckSteps(DwcpRolloutSpec spec)
    {
        if (spec.TargetPercent is < 0 or > 100) return $"The target of {spec.TargetPercent} % is not between 0 and 100.";
        if (spec.Phases.Count == 0) return "There are no phases.";
        if (spec.Phases.Any(phase => phase.Percent is < 1 or > 100)) return "A phase's percent is not between 1 and 100.";
        if (spec.Phases.Any(phase => phase.Soak < TimeSpan.Zero || phase.MinimumRequests < 1)) return "A phase needs a soak of at least 0 and at least one request.";
        if (spec.Phases.Select(phase => phase.Name).Distinct(StringComparer.Ordinal).Count() != spec.Phases.Count) return "Two phases have the same name.";
        if (spec.Phases.Select(phase => phase.Percent).Distinct().Count() != spec.Phases.Count) return "Two phases have the same percent.";
        if (spec.TargetPercent > spec.Phases.Max(phase => phase.Percent))
            return $"The target of {spec.TargetPercent} % is above the last phase, {spec.Phases.Max(phase => phase.Percent)} %.";
        if (spec.CheckInterval < TimeSpan.FromSeconds(1)) return "The check interval is below one second.";
        if (spec.Metrics.Prometheus is { } prometheus && (!Uri.TryCreate(prometheus, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")))
            return $"The address of Prometheus, '{prometheus}', is not an http or https address.";
        return null;
    }

    /// <summary>Why nothing can be judged by the limits, or null.</summary>
    private static string? CheckLimits(DwcpRolloutSpec spec)
    {
        if (NodeMetrics.LatencyBounds.Contains(spec.Limits.SlowMilliseconds / 1000)) return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"slowMilliseconds of {spec.Limits.SlowMilliseconds} is no bound of the nodes' latency histogram. Bounds: {string.Join(", ", NodeMetrics.LatencyBounds.Select(Milliseconds))}.");

        static string Milliseconds(double seconds) => (seconds * 1000).ToString("0.###", CultureInfo.InvariantCulture);
    }
}
