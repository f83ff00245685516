using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A pod as it was at the last check.</summary>
public sealed class PodMemory
{
    /// <summary>Last counters; null until the first scrape.</summary>
    public RequestCounters? V1 { get; set; }

    public RequestCounters? V3 { get; set; }

    public int Restarts { get; set; }

    /// <summary>The check that first saw the pod, by the guardian's clock: a machine's clock may be minutes off.</summary>
    public DateTimeOffset? FirstSeenAt { get; set; }

    /// <summary>Consecutive failed health checks.</summary>
    public int FailedHealth { get; set; }
}
