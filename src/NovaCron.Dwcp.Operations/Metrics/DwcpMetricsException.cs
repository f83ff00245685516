namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>Metrics that cannot be used: malformed, missing, not numbers, or too large. No data is never good data.</summary>
public sealed class DwcpMetricsException(string message, Exception? inner = null) : Exception(message, inner);
