namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What a test of a path found.</summary>
/// <param name="RoundTrip">Time of the TCP handshake; null when no session could be opened.</param>
/// <param name="Chosen">The way that a transfer of unknown size would take now.</param>
/// <param name="Reasons">Why, one sentence each.</param>
/// <param name="Ways">Every way, as it was measured.</param>
public sealed record PathReport(TimeSpan? RoundTrip, string Chosen, IReadOnlyList<string> Reasons, IReadOnlyList<PathWay> Ways);
