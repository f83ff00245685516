using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What an operator wants of a rollout.</summary>
public sealed class DwcpRolloutSpec
{
    /// <summary>Percent of clients that shall end up on v3, 0..100. The guardian gets there phase by phase, never past it.</summary>
    [JsonPropertyName("targetPercent")]
    public int TargetPercent { get; set; }

    /// <summary>The release that is rolled out (DWCP_VERSION). Validation and approvals count only for this release.</summary>
    [JsonPropertyName("release")]
    public string Release { get; set; } = "";

    /// <summary>The authenticated user who asked for it; the admission policy keeps it honest.</summary>
    [JsonPropertyName("requestedBy")]
    public string RequestedBy { get; set; } = "";

    /// <summary>Phases in order of rising percent. Default: 10, 50, 100 % with soaks of 24, 24 and 72 hours.</summary>
    [JsonPropertyName("phases")]
    public List<RolloutPhase> Phases { get; set; } = RolloutPhase.Defaults();

    [JsonPropertyName("limits")]
    public RolloutLimits Limits { get; set; } = new();

    /// <summary>Time between two checks; checks come up to six times as often while evidence grows. Default 30 s, at least 1 s.</summary>
    [JsonPropertyName("checkInterval"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    [JsonPropertyName("approval")]
    public RolloutApprovalPolicy Approval { get; set; } = new();

    [JsonPropertyName("validation")]
    public RolloutValidationPolicy Validation { get; set; } = new();

    [JsonPropertyName("metrics")]
    public RolloutMetrics Metrics { get; set; } = new();

    [JsonPropertyName("deprecation")]
    public RolloutDeprecation Deprecation { get; set; } = new();

    /// <summary>True: the percent stays where it is and nothing is raised; rollback still works.</summary>
    [JsonPropertyName("suspended")]
    public bool Suspended { get; set; }

    /// <summary>Id of the incident (status.lock.incident) that somebody has looked into; removes the lock of that incident and of no other.</summary>
    [JsonPropertyName("acknowledgedIncident")]
    public string? AcknowledgedIncident { get; set; }
}
