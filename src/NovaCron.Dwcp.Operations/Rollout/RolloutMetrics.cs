using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Where metrics come from besides the pods themselves.</summary>
public sealed class RolloutMetrics
{
    /// <summary>
    /// Address of Prometheus' HTTP API, for example <c>http://prometheus.monitoring:9090</c>; null: the pods alone are asked. With it, both are read at every
    /// check and compared, and Prometheus stands in for a pod that does not answer.
    /// </summary>
    [JsonPropertyName("prometheus")]
    public string? Prometheus { get; set; }

    /// <summary>Age from which what Prometheus knows of a pod is stale. Default one minute: four of its scrapes.</summary>
    [JsonPropertyName("maximumAge"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan MaximumAge { get; set; } = TimeSpan.FromMinutes(1);
}
