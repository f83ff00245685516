namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>How many pods there are to take everybody's traffic, and how many there may be.</summary>
public sealed record RolloutCapacity
{
    public required int Desired { get; init; }

    public required int Available { get; init; }

    /// <summary>Most replicas of the autoscaler; null when there is none, or it may not be read.</summary>
    public int? MaximumReplicas { get; init; }

    /// <summary>The autoscaler is at its limit.</summary>
    public bool IsExhausted => MaximumReplicas is { } most && Desired >= most;
}
