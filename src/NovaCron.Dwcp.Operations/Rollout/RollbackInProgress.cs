using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A rollback whose flag is already 0 and whose remaining steps are still to be done.</summary>
public sealed class RollbackInProgress
{
    [JsonPropertyName("incident")]
    public string Incident { get; set; } = "";

    [JsonPropertyName("trigger")]
    public string Trigger { get; set; } = "";

    [JsonPropertyName("reason")]
    public string Reason { get; set; } = "";

    [JsonPropertyName("startedAt")]
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>When flag and ceiling were 0, as accepted by the API server; null when somebody else wrote them.</summary>
    [JsonPropertyName("flagZeroAt")]
    public DateTimeOffset? FlagZeroAt { get; set; }

    [JsonPropertyName("percentBefore")]
    public int PercentBefore { get; set; }

    /// <summary>True: the guardian carries it out. False: somebody's Invoke-DwcpRollback does; the guardian takes over when that takes too long.</summary>
    [JsonPropertyName("byGuardian")]
    public bool ByGuardian { get; set; }
}
