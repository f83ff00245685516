using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Which validation a rollout needs before its first increase.</summary>
public sealed class RolloutValidationPolicy
{
    /// <summary>A recorded GO (or a REVIEW that a named approver waived) for the release is needed. Default true.</summary>
    [JsonPropertyName("required")]
    public bool Required { get; set; } = true;

    /// <summary>How old the record may be when the first phase begins. Default 7 days.</summary>
    [JsonPropertyName("maximumAge"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan MaximumAge { get; set; } = TimeSpan.FromDays(7);
}
