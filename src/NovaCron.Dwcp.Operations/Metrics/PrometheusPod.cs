namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>One node as Prometheus last scraped it.</summary>
/// <param name="Metrics">Its counters; null when they are not complete.</param>
/// <param name="Age">Time since that scrape, by Prometheus' own clock.</param>
/// <param name="Problem">Why there are no counters, or null.</param>
public sealed record PrometheusPod(NodeMetrics? Metrics, TimeSpan Age, string? Problem);
