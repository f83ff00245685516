using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What ITP chose for a path, and why.</summary>
/// <param name="Transport">Such as <c>TCP+TLS</c>.</param>
/// <param name="Version">The protocol version.</param>
/// <param name="Level">The codec's level.</param>
/// <param name="Reasons">One sentence each.</param>
public sealed record PathDecision(string Transport, int Version, DwcpLevel Level, IReadOnlyList<string> Reasons);
