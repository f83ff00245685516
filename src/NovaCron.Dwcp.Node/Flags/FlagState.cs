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

    /// <summary>Whether this node speaks v1 at all. Without it everybody is on v3, whatever the flag says: 0 would mean no service.</summary>
    public bool HasV1 { get; init; } = true;

    /// <summary>Percent of clients on v3: the lower of flag and ceiling, or 0 while the policy says so; 100 on a node without v1.</summary>
    public int Effective => HasV1 ? Commanded : 100;

    /// <summary>Whether v1 sessions are opened. Switched off it stays on for as long as anybody is to use it, so flag 0 by hand is a rollback at any time.</summary>
    public bool ServesV1 => HasV1 && !(Settings.V1Disabled && Commanded == 100);

    /// <summary>Why the flag is not followed, or null.</summary>
    public string? Ignored => HasV1 || !IsKnown || Commanded == 100
        ? null
        : $"This node has no v1: {Commanded} % is ignored and everybody stays on v3. Deploy an image with v1 first (Invoke-DwcpRollback does).";

    private int Commanded => GuardianLost && Settings.FallWhenGuardianLost ? 0 : Math.Min(Settings.Flag, Settings.Ceiling);
}
