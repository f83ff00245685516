using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Traffic of one protocol version: the last interval for people, the phase's totals for decisions. Null = not known, never 0.</summary>
public sealed class VersionTraffic
{
    /// <summary>Requests judged in this phase.</summary>
    [JsonPropertyName("requests")]
    public long Requests { get; set; }

    /// <summary>Requests in this phase that failed by the server's fault.</summary>
    [JsonPropertyName("errors")]
    public long Errors { get; set; }

    /// <summary>Requests in this phase slower than the limit.</summary>
    [JsonPropertyName("slow")]
    public long Slow { get; set; }

    [JsonPropertyName("requestsPerSecond")]
    public double? RequestsPerSecond { get; set; }

    /// <summary>Percent, over the last interval.</summary>
    [JsonPropertyName("errorRatePercent")]
    public double? ErrorRatePercent { get; set; }

    /// <summary>Milliseconds, interpolated from bucket counts of the last interval.</summary>
    [JsonPropertyName("p50Milliseconds")]
    public double? P50Milliseconds { get; set; }

    [JsonPropertyName("p95Milliseconds")]
    public double? P95Milliseconds { get; set; }

    [JsonPropertyName("p99Milliseconds")]
    public double? P99Milliseconds { get; set; }
}
