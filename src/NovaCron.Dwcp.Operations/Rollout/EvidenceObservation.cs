using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>How far one test has come.</summary>
public sealed class EvidenceObservation
{
    /// <summary>Name of the test, for example <c>error-rate</c>.</summary>
    [JsonPropertyName("metric")]
    public string Metric { get; set; } = "";

    /// <summary>Percent of the way to rollback: 100 times log evidence over log threshold, 0..100.</summary>
    [JsonPropertyName("percentToRollback")]
    public double PercentToRollback { get; set; }

    /// <summary>Natural logarithm of the e-value.</summary>
    [JsonPropertyName("logEvidence")]
    public double LogEvidence { get; set; }

    /// <summary>Requests (or checks) that the test has seen in this phase.</summary>
    [JsonPropertyName("observations")]
    public long Observations { get; set; }

    [JsonPropertyName("detail")]
    public string? Detail { get; set; }
}
