using System.Globalization;

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

    /// <summary>How long nobody has used v1 while everybody was to be on v3.</summary>
    public TimeSpan V1Quiet { get; init; }

    /// <summary>Since when v1 is switched off; null while it is on.</summary>
    public DateTimeOffset? V1DisabledAt { get; init; }

    public string? Message { get; init; }

    /// <summary>Everything in one line for people: percent, pods, both versions, the furthest evidence, and what the phase still needs.</summary>
    public string Summary
    {
        get
        {
            var parts = new List<string>
            {
                Text($"{State} at {Percent} % of {TargetPercent} %, {AppliedPods} of {ReadyPods} pods applied"), Describe("v3", V3), Describe("v1", V1),
            };
            if (Evidence.MaxBy(test => test.PercentToRollback) is { } furthest) parts.Add(Text($"{furthest.Metric} {furthest.PercentToRollback:0} % of the way to rollback"));
            if (TimeRemaining is { } time && time > TimeSpan.Zero) parts.Add($"{GoDuration.Format(TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds)))} left");
            if (RequestsRemaining is > 0) parts.Add(Text($"{RequestsRemaining} requests left"));
            return string.Join("; ", parts);
        }
    }

    public RolloutLock? Lock { get; init; }

    /// <summary>Last history entry.</summary>
    public RolloutHistoryEntry? LastStep { get; init; }

    /// <summary>Nothing further will happen by itself.</summary>
    public bool IsResting => State is RolloutState.Completed or RolloutState.RolledBack;

    /// <summary>The resource behind the view.</summary>
    public required DwcpRollout Rollout { get; init; }

    private static string Describe(string version, VersionTraffic? traffic) => traffic?.RequestsPerSecond is { } rate
        ? Text($"{version} {rate:0.#}/s, errors {Figure(traffic.ErrorRatePercent)} %, P50/95/99 {Figure(traffic.P50Milliseconds)}/{Figure(traffic.P95Milliseconds)}/{Figure(traffic.P99Milliseconds)} ms")
        : version + " not known yet";

    private static string Figure(double? value) => value is { } known ? Text($"{known:0.##}") : "?";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
