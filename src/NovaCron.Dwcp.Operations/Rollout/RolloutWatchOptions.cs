namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>How long and how to watch a rollout. Watching changes nothing; it may stop and begin again at any time.</summary>
public sealed record RolloutWatchOptions
{
    /// <summary>Ends the watch after this long; null: until the rollout rests (Completed, RolledBack) or the caller cancels.</summary>
    public TimeSpan? For { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Also ends when the rollout is at its target percent on every pod, without waiting for the soak.</summary>
    public bool UntilTargetApplied { get; init; }

    /// <summary>Ends the watch when this holds, or v3 is rolled back, instead of when the rollout rests.</summary>
    public Func<RolloutObservation, bool>? Until { get; init; }

    /// <summary>Time between two looks at the resource.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);
}
