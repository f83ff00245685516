using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>One step of a rollout, appended and never changed.</summary>
public sealed class RolloutHistoryEntry
{
    [JsonPropertyName("number")]
    public long Number { get; set; }

    [JsonPropertyName("time")]
    public DateTimeOffset Time { get; set; }

    [JsonPropertyName("state")]
    public RolloutState State { get; set; }

    [JsonPropertyName("phase")]
    public string? Phase { get; set; }

    [JsonPropertyName("percent")]
    public int Percent { get; set; }

    /// <summary>Short machine-readable word, for example <c>ErrorRate</c>; also the reason of the Event.</summary>
    [JsonPropertyName("reason")]
    public string Reason { get; set; } = "";

    /// <summary>The incident that is open, or was acknowledged by this step; null without one.</summary>
    [JsonPropertyName("incident")]
    public string? Incident { get; set; }

    [JsonPropertyName("message")]
    public string Message { get; set; } = "";
}
