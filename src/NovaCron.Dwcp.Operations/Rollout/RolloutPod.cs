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

    /// <summary>Why no machine has room for it, as the scheduler says; null for a pod that has its place.</summary>
    public string? WhyNotScheduled { get; init; }

    /// <summary>No machine has room for it.</summary>
    public bool Unschedulable => WhyNotScheduled is not null;

    /// <summary>What a restart waits for: the first pod that no machine has room for, as the end of a sentence; empty when each has its place.</summary>
    internal static string DescribeUnscheduled(IEnumerable<RolloutPod> pods) =>
        pods.FirstOrDefault(p => p.Unschedulable) is { } pod ? $"; pod {pod.Name} waits for a machine with room for it: {pod.WhyNotScheduled}" : "";
}
