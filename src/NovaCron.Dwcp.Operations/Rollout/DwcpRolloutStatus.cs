using System.Text.Json.Serialization;
using k8s.Models;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What the guardian has done and seen. Everything it needs after being killed is here, in the ConfigMap, or in the evidence ConfigMap.</summary>
public sealed class DwcpRolloutStatus
{
    [JsonPropertyName("observedGeneration")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("state")]
    public RolloutState State { get; set; }

    /// <summary>Name of the phase that the rollout is in, or waits for when <see cref="State"/> is Pending.</summary>
    [JsonPropertyName("phase")]
    public string? Phase { get; set; }

    /// <summary>Percent that the guardian last wrote as flag. Any other value of the flag is foreign, except <see cref="IntendedPercent"/>.</summary>
    [JsonPropertyName("percent")]
    public int Percent { get; set; }

    /// <summary>Write-ahead mark: the percent the guardian is about to write. A restarted guardian recognises its own half-finished write by it.</summary>
    [JsonPropertyName("intendedPercent")]
    public int? IntendedPercent { get; set; }

    /// <summary>resourceVersion of the ConfigMap that carries <see cref="Percent"/>.</summary>
    [JsonPropertyName("revision")]
    public string? Revision { get; set; }

    /// <summary>When every ready pod had applied the phase's percent; the soak counts from here.</summary>
    [JsonPropertyName("phaseStartedAt")]
    public DateTimeOffset? PhaseStartedAt { get; set; }

    /// <summary>Time of the soak that counted (metrics present, evidence clear, not suspended).</summary>
    [JsonPropertyName("soaked"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan Soaked { get; set; }

    [JsonPropertyName("lastCheckAt")]
    public DateTimeOffset? LastCheckAt { get; set; }

    /// <summary>Why the rollout is where it is, one sentence for people.</summary>
    [JsonPropertyName("message")]
    public string? Message { get; set; }

    [JsonPropertyName("metricsMissingSince")]
    public DateTimeOffset? MetricsMissingSince { get; set; }

    [JsonPropertyName("notReadyChecks")]
    public int NotReadyChecks { get; set; }

    [JsonPropertyName("v1")]
    public VersionTraffic? V1 { get; set; }

    [JsonPropertyName("v3")]
    public VersionTraffic? V3 { get; set; }

    /// <summary>How long every client was to be on v3 and nobody has used v1, in checks that could be made; begins anew with every use.</summary>
    [JsonPropertyName("v1Quiet"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan V1Quiet { get; set; }

    /// <summary>The last check that saw a v1 session or request in this attempt; null when none did.</summary>
    [JsonPropertyName("v1UsedAt")]
    public DateTimeOffset? V1UsedAt { get; set; }

    /// <summary>Since when v1 is switched off; null while it is on.</summary>
    [JsonPropertyName("v1DisabledAt")]
    public DateTimeOffset? V1DisabledAt { get; set; }

    [JsonPropertyName("pods")]
    public List<PodObservation> Pods { get; set; } = [];

    [JsonPropertyName("evidence")]
    public List<EvidenceObservation> Evidence { get; set; } = [];

    [JsonPropertyName("conditions")]
    public List<V1Condition> Conditions { get; set; } = [];

    /// <summary>Present while nothing may be raised because of an incident that nobody acknowledged.</summary>
    [JsonPropertyName("lock")]
    public RolloutLock? Lock { get; set; }

    /// <summary>The rollback that is under way, so that any guardian can finish it.</summary>
    [JsonPropertyName("rollback")]
    public RollbackInProgress? Rollback { get; set; }

    /// <summary>When the last rollback began; approvals older than it no longer count.</summary>
    [JsonPropertyName("lastRollbackAt")]
    public DateTimeOffset? LastRollbackAt { get; set; }

    /// <summary>The last 100 entries; older ones are in ConfigMaps <see cref="RolloutNames.HistoryConfigMapPrefix"/>N.</summary>
    [JsonPropertyName("history")]
    public List<RolloutHistoryEntry> History { get; set; } = [];

    /// <summary>Number of the entry that is appended next; never reused.</summary>
    [JsonPropertyName("nextHistoryNumber")]
    public long NextHistoryNumber { get; set; }
}
