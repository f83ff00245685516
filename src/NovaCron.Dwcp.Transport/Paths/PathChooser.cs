using System.Globalization;
using System.Net;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>
/// Chooses transport and codec level for a path from what was measured while connecting. Pure: the same measurements give the same choice. TCP+TLS is the only
/// transport of this release; the choice of level is made for it.
/// </summary>
public static class PathChooser
{
    // Below this round trip a path is a local network or the same machine, where bytes cost less than compressing them.
    private static readonly TimeSpan NearRoundTrip = TimeSpan.FromMilliseconds(2);

    /// <param name="version">The version that the node told.</param>
    /// <param name="peer">The node's address.</param>
    /// <param name="connectTime">Time of the TCP handshake: one round trip.</param>
    /// <param name="requested">The level that the caller asked for.</param>
    public static PathDecision Choose(int version, EndPoint? peer, TimeSpan connectTime, DwcpLevel requested)
    {
        var reasons = new List<string>();
        var sameHost = peer is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address);
        reasons.Add("TCP+TLS: the only transport of this release");
        reasons.Add(version == 3 ? "version 3: the node's traffic split says so" : "version 1: the node's traffic split, or the client's offer, says so");
        reasons.Add(string.Create(CultureInfo.InvariantCulture, $"round trip {connectTime.TotalMilliseconds:0.00} ms, {(sameHost ? "same host" : connectTime < NearRoundTrip ? "near" : "far")}"));
        if (requested != DwcpLevel.Adaptive)
        {
            reasons.Add($"level {requested}: asked for");
            return new PathDecision("TCP+TLS", version, requested, reasons);
        }

        var level = sameHost || connectTime < NearRoundTrip ? DwcpLevel.Fast : DwcpLevel.Dense;
        reasons.Add($"level {level}: {(level == DwcpLevel.Fast ? "bytes are cheap on this path" : "bytes are dear on this path")}");
        return new PathDecision("TCP+TLS", version, level, reasons);
    }
}
