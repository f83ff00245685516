using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>One step of a rollout: a share of clients, and what it takes to leave the step upwards.</summary>
public sealed class RolloutPhase
{
    /// <summary>Name that approvals refer to, for example <c>phase-1</c>.</summary>
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    /// <summary>Percent of clients on v3, 1..100.</summary>
    [JsonPropertyName("percent")]
    public int Percent { get; set; }

    /// <summary>Least time at this percent with clear evidence before the phase counts as passed.</summary>
    [JsonPropertyName("soak"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan Soak { get; set; }

    /// <summary>Least number of v3 requests judged in this phase before it counts as passed. Idle v3 therefore never passes.</summary>
    [JsonPropertyName("minimumRequests")]
    public long MinimumRequests { get; set; }

    /// <summary>The phases of a production rollout.</summary>
    public static List<RolloutPhase> Defaults() =>
    [
        new() { Name = "phase-1", Percent = 10, Soak = TimeSpan.FromHours(24), MinimumRequests = 10_000 },
        new() { Name = "phase-2", Percent = 50, Soak = TimeSpan.FromHours(24), MinimumRequests = 50_000 },
        new() { Name = "phase-3", Percent = 100, Soak = TimeSpan.FromHours(72), MinimumRequests = 100_000 },
    ];
}
