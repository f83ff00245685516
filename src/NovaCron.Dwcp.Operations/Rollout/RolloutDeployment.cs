namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The node Deployment as far as rollout and rollback need it.</summary>
public sealed record RolloutDeployment
{
    public int Desired { get; init; }

    public int Ready { get; init; }

    public int Available { get; init; }

    public int Updated { get; init; }

    /// <summary>All replicas that exist, old and new.</summary>
    public int Replicas { get; init; }

    public long Generation { get; init; }

    public long ObservedGeneration { get; init; }

    /// <summary>Mark of the last restart, null when there was none of ours.</summary>
    public string? RestartMark { get; init; }

    /// <summary>True when the controller has seen the last change and every replica is new and available.</summary>
    public bool IsSettled => ObservedGeneration >= Generation && Updated == Desired && Replicas == Desired && Available == Desired;
}
