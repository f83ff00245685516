namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A guardian's own state, for its /health, /ready and /metrics.</summary>
public sealed record GuardianHealth
{
    public bool IsLeader { get; init; }

    /// <summary>Last time that a pass of the reconcile loop ended without an error (leader) or the lease was read (standby).</summary>
    public DateTimeOffset? LastSuccess { get; init; }

    public string? LastError { get; init; }

    public long Checks { get; init; }

    public long FailedChecks { get; init; }

    public long Rollbacks { get; init; }

    public int Percent { get; init; }

    public RolloutState? State { get; init; }
}
