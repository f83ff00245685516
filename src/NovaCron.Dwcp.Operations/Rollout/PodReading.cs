using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What one ready pod answered at one check. What it did not answer is null, with the reason in <see cref="Problem"/>.</summary>
public sealed record PodReading
{
    public required RolloutPod Pod { get; init; }

    public NodeFlags? Flags { get; init; }

    public NodeMetrics? Metrics { get; init; }

    public bool Healthy { get; init; }

    /// <summary>Why flags or metrics are missing.</summary>
    public string? Problem { get; init; }
}
