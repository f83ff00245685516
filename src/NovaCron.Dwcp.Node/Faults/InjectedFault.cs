namespace NovaCron.Dwcp.Node.Faults;

/// <summary>What happens to the requests of one version.</summary>
/// <param name="FailShare">Share of the requests that fail in the node, 0..1.</param>
/// <param name="DelayMs">Delay of every request, milliseconds.</param>
public sealed record InjectedFault(double FailShare = 0, double DelayMs = 0);
