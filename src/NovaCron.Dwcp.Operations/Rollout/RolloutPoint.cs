using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>One point of a rollout's course, for charts. Null = not known.</summary>
public sealed record RolloutPoint
{
    [JsonPropertyName("t")]
    public required DateTimeOffset Time { get; init; }

    [JsonPropertyName("pct")]
    public required int Percent { get; init; }

    [JsonPropertyName("r3")]
    public double? V3RequestsPerSecond { get; init; }

    [JsonPropertyName("r1")]
    public double? V1RequestsPerSecond { get; init; }

    /// <summary>Percent.</summary>
    [JsonPropertyName("e3")]
    public double? V3ErrorRate { get; init; }

    [JsonPropertyName("e1")]
    public double? V1ErrorRate { get; init; }

    /// <summary>Milliseconds.</summary>
    [JsonPropertyName("p3")]
    public double? V3P99 { get; init; }

    [JsonPropertyName("p1")]
    public double? V1P99 { get; init; }

    /// <summary>Furthest test, percent of the way to rollback.</summary>
    [JsonPropertyName("ev")]
    public double Evidence { get; init; }
}
