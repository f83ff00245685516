namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A node pod as the API server sees it.</summary>
public sealed record RolloutPod
{
    public required string Name { get; init; }

    /// <summary>Changes when a pod of the same name is another one.</summary>
    public string Uid { get; init; } = "";

    public string? Address { get; init; }

    public bool Ready { get; init; }

    public bool Terminating { get; init; }

    public int Restarts { get; init; }

    /// <summary>Reason of the waiting container, for example CrashLoopBackOff; else null.</summary>
    public string? WaitingReason { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>No machine has room for it.</summary>
    public bool Unschedulable { get; init; }
}
