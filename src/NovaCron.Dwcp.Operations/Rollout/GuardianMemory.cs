using NovaCron.Dwcp.Operations.Evidence;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// What a guardian must not forget: evidence and the counters it was drawn from, in one document, so that a restart neither loses a request nor
/// counts one twice. One write replaces all of it.
/// </summary>
public sealed class GuardianMemory
{
    /// <summary>Rollout and attempt that the evidence belongs to; another one begins anew.</summary>
    public string Attempt { get; set; } = "";

    /// <summary>The limits, as JSON, that the tests judge.</summary>
    public string Limits { get; set; } = "";

    public string? Phase { get; set; }

    public DateTimeOffset? LastCheckAt { get; set; }

    public Dictionary<string, EvidenceState> Tests { get; set; } = [];

    /// <summary>By pod uid.</summary>
    public Dictionary<string, PodMemory> Pods { get; set; } = [];

    /// <summary>Totals of the phase.</summary>
    public VersionCounts V1 { get; set; }

    public VersionCounts V3 { get; set; }

    /// <summary>Consecutive checks without a judged v3 request.</summary>
    public int IdleChecks { get; set; }

    public int NotReadyChecks { get; set; }

    public DateTimeOffset? MetricsMissingSince { get; set; }

    public TimeSpan Soaked { get; set; }

    /// <summary>See <see cref="DwcpRolloutStatus.V1Quiet"/>.</summary>
    public TimeSpan V1Quiet { get; set; }

    public DateTimeOffset? V1UsedAt { get; set; }

    /// <summary>Container restarts seen in this attempt.</summary>
    public int Restarts { get; set; }

    public List<RolloutPoint> Series { get; set; } = [];
}
