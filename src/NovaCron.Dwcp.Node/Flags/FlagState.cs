namespace NovaCron.Dwcp.Node.Flags;

/// <summary>What the node applies right now, and where it has it from. Immutable; replaced as a whole.</summary>
public sealed record FlagState
{
    /// <summary>What holds before anything was read: nobody on v3.</summary>
    public static FlagState Unknown { get; } = new();

    /// <summary>The settings in force.</summary>
    public FlagSettings Settings { get; init; } = FlagSettings.Initial;

    /// <summary>Whether the ConfigMap was read at least once.</summary>
    public bool IsKnown { get; init; }

    /// <summary>resourceVersion of the object whose flag is in force; empty before the first.</summary>
    public string Revision { get; init; } = "";

    /// <summary>When that revision was applied.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>Why keys of the newest object were refused; empty when none was.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>When the guardian last showed itself in its Lease, or null when it never did.</summary>
    public DateTimeOffset? GuardianSeenAt { get; init; }

    /// <summary>Whether the guardian is past its limit.</summary>
    public bool GuardianLost { get; init; }

    /// <summary>Percent of clients on v3: the lower of flag and ceiling, or 0 while the policy says so.</summary>
    public int Effective => GuardianLost && Settings.FallWhenGuardianLost ? 0 : Math.Min(Settings.Flag, Settings.Ceiling);
}
