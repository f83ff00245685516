namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>What Prometheus knows of the nodes of one namespace.</summary>
/// <param name="Pods">By pod name.</param>
public sealed record PrometheusReading(IReadOnlyDictionary<string, PrometheusPod> Pods);
