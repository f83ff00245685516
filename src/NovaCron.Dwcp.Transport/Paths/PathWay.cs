namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>One way to a node, as it was measured.</summary>
/// <param name="Name">Such as <c>UDP</c>, <c>8 TCP streams</c>, <c>TCP+TLS</c>, <c>sockets</c>.</param>
/// <param name="Works">Whether it carried the probe.</param>
/// <param name="RoundTrip">Round-trip time under the probe's load; null when it was not measured.</param>
/// <param name="BytesPerSecond">User bytes a second of the probe, from its start to the verified commit; 0 when it did not work.</param>
/// <param name="RetransmittedPercent">Percent of the bytes that were sent again, where the way counts it.</param>
/// <param name="Detail">Why it does not work, or what was seen.</param>
public sealed record PathWay(string Name, bool Works, TimeSpan? RoundTrip, double BytesPerSecond, double? RetransmittedPercent, string Detail);
