namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What ConfigMap dwcp-v3-config says about the rollout.</summary>
public sealed record RolloutConfiguration
{
    /// <summary>FEATURE_FLAG_V3_ROLLOUT as it reads; absent counts as 0, unreadable as null.</summary>
    public int? Flag { get; init; }

    /// <summary>FEATURE_FLAG_V3_CEILING as it reads; absent counts as 0, unreadable as null.</summary>
    public int? Ceiling { get; init; }

    /// <summary>The text of a flag or ceiling that is not a number of 0..100, for messages.</summary>
    public string? Unreadable { get; init; }

    /// <summary>v1 is switched off.</summary>
    public bool V1Disabled { get; init; }

    /// <summary>ConfigMap with the deployment that had v1; null while the nodes have it.</summary>
    public string? V1Archive { get; init; }

    /// <summary>DWCP_VERSION.</summary>
    public string? Release { get; init; }

    /// <summary>Incident of the lock annotation, or null.</summary>
    public string? LockedBy { get; init; }

    public string? LockReason { get; init; }

    /// <summary>What set the lock, for example ErrorRate or Operator; null when nobody said.</summary>
    public string? LockTrigger { get; init; }

    /// <summary>Incident of the last rollback that was carried through, or null.</summary>
    public string? Completed { get; init; }

    /// <summary>resourceVersion of the ConfigMap.</summary>
    public required string Revision { get; init; }

    /// <summary>What nodes apply: min(flag, ceiling); anything unreadable is 0.</summary>
    public int Effective => Math.Min(Flag ?? 0, Ceiling ?? 0);
}
