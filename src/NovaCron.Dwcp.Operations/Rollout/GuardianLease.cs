namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The Lease that says which guardian leads. Nodes read <see cref="RenewedAt"/> as its heartbeat.</summary>
public sealed record GuardianLease
{
    /// <summary>Null or empty: nobody.</summary>
    public string? Holder { get; init; }

    public required TimeSpan Duration { get; init; }

    public DateTimeOffset? AcquiredAt { get; init; }

    public DateTimeOffset? RenewedAt { get; init; }

    public int Transitions { get; init; }

    /// <summary>resourceVersion; null for a Lease that does not exist yet.</summary>
    public string? Revision { get; init; }
}
