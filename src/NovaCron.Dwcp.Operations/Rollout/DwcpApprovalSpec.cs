using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What is approved, by whom, and why.</summary>
public sealed class DwcpApprovalSpec
{
    /// <summary>Name of the DwcpRollout.</summary>
    [JsonPropertyName("rollout")]
    public string Rollout { get; set; } = RolloutNames.Rollout;

    /// <summary>Name of the phase, for example <c>phase-1</c>.</summary>
    [JsonPropertyName("phase")]
    public string Phase { get; set; } = "";

    /// <summary>The release that may enter the phase.</summary>
    [JsonPropertyName("release")]
    public string Release { get; set; } = "";

    /// <summary>User name as the API server authenticated it.</summary>
    [JsonPropertyName("approver")]
    public string Approver { get; set; } = "";

    [JsonPropertyName("reason")]
    public string Reason { get; set; } = "";
}
