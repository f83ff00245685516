namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>One line of the live view: a rollout as its status showed it at one check.</summary>
public sealed record RolloutObservation
{
    public required DateTimeOffset Time { get; init; }

    public required RolloutState State { get; init; }

    public string? Phase { get; init; }

    /// <summary>Percent commanded now.</summary>
    public required int Percent { get; init; }

    public required int TargetPercent { get; init; }

    /// <summary>Null while the version had no judged traffic; its members are null where nothing is known.</summary>
    public VersionTraffic? V1 { get; init; }

    public VersionTraffic? V3 { get; init; }

    public IReadOnlyList<EvidenceObservation> Evidence { get; init; } = [];

    public IReadOnlyList<PodObservation> Pods { get; init; } = [];

    public int ReadyPods => Pods.Count(pod => pod.Ready);

    /// <summary>Ready pods that have applied the commanded percent.</summary>
    public int AppliedPods => Pods.Count(pod => pod.Ready && pod.Percent == Percent);

    /// <summary>Soak that is still needed; null outside a soak.</summary>
    public TimeSpan? TimeRemaining { get; init; }

    /// <summary>Requests that are still needed; null outside a soak.</summary>
    public long? RequestsRemaining { get; init; }

    public string? Message { get; init; }

    public RolloutLock? Lock { get; init; }

    /// <summary>Last history entry.</summary>
    public RolloutHistoryEntry? LastStep { get; init; }

    /// <summary>Nothing further will happen by itself.</summary>
    public bool IsResting => State is RolloutState.Completed or RolloutState.RolledBack;

    /// <summary>The resource behind the view.</summary>
    public required DwcpRollout Rollout { get; init; }
}
