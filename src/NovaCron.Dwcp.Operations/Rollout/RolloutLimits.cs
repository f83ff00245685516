using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What v3 must not do. Crossing a limit is decided by sequential tests, not by one bad sample.</summary>
public sealed class RolloutLimits
{
    /// <summary>Percent of v3 requests that may fail by the server's fault. Above it v3 is rolled back. Default 1.</summary>
    [JsonPropertyName("errorRatePercent")]
    public double ErrorRatePercent { get; set; } = 1;

    /// <summary>Milliseconds; a bucket bound of dwcp_request_duration_seconds. Requests above it are slow. Default 100.</summary>
    [JsonPropertyName("slowMilliseconds")]
    public double SlowMilliseconds { get; set; } = 100;

    /// <summary>Percent of v3 requests that may be slow; 1 means "P99 at most <see cref="SlowMilliseconds"/>". Default 1.</summary>
    [JsonPropertyName("slowRequestsPercent")]
    public double SlowRequestsPercent { get; set; } = 1;

    /// <summary>Probability, over the whole rollout and all tests together, of rolling back a v3 that is within its limits. Default 0.01.</summary>
    [JsonPropertyName("falseRollbackProbability")]
    public double FalseRollbackProbability { get; set; } = 0.01;

    /// <summary>How many times v1's concurrent error rate v3 may have. Default 1.5; absent v1 traffic leaves the absolute limits.</summary>
    [JsonPropertyName("errorRateToV1")]
    public double ErrorRateToV1 { get; set; } = 1.5;

    /// <summary>
    /// Percent by which v3's latencies may exceed v1's at the same time, judged on the tail from a quarter of <see cref="SlowMilliseconds"/> on. Default 10.
    /// </summary>
    [JsonPropertyName("slowerThanV1Percent")]
    public double SlowerThanV1Percent { get; set; } = 10;

    /// <summary>How long metrics may be missing, empty, NaN or stale before v3 is rolled back; until then the rollout is frozen. Default 5 minutes.</summary>
    [JsonPropertyName("missingMetrics"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan MissingMetrics { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Consecutive checks with fewer ready pods than desired before v3 is rolled back. Default 3.</summary>
    [JsonPropertyName("notReadyChecks")]
    public int NotReadyChecks { get; set; } = 3;

    /// <summary>Consecutive failed health checks of one pod before v3 is rolled back. Default 3.</summary>
    [JsonPropertyName("failedHealthChecks")]
    public int FailedHealthChecks { get; set; } = 3;

    /// <summary>Container restarts of node pods within the phase that count as a crash loop. Default 3.</summary>
    [JsonPropertyName("restarts")]
    public int Restarts { get; set; } = 3;
}
