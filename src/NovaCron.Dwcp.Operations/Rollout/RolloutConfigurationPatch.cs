namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>One change of ConfigMap dwcp-v3-config. Members that are null stay as they are.</summary>
public sealed record RolloutConfigurationPatch
{
    public int? Flag { get; init; }

    public int? Ceiling { get; init; }

    /// <summary>Switches v1 on (which removes the key) or off.</summary>
    public bool? V1Enabled { get; init; }

    /// <summary>ConfigMap with the deployment that had v1; empty removes the mark. See <see cref="RolloutNames.V1ArchiveAnnotation"/>.</summary>
    public string? V1Archive { get; init; }

    /// <summary>Incident to lock with; empty removes the lock.</summary>
    public string? LockedBy { get; init; }

    public string? LockReason { get; init; }

    /// <summary>What set the lock; see <see cref="RolloutNames.LockTriggerAnnotation"/>. Empty removes it.</summary>
    public string? LockTrigger { get; init; }

    /// <summary>Incident whose rollback has been carried through.</summary>
    public string? Completed { get; init; }

    /// <summary>The revision that must still be current; null patches whatever is there, which is right only for lowering.</summary>
    public string? Revision { get; init; }
}
