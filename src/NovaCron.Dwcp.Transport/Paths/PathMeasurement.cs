using System.Net;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What is known of a path when a session opens: the input of every choice about it.</summary>
/// <param name="Peer">The node's address as TCP reached it.</param>
/// <param name="RoundTrip">Time of the TCP handshake: one round trip.</param>
/// <param name="Bytes">User bytes that will travel, or null when unknown.</param>
public sealed record PathMeasurement(IPEndPoint Peer, TimeSpan RoundTrip, long? Bytes)
{
    /// <summary>Below this round trip a path is a local network or the same machine.</summary>
    public static readonly TimeSpan NearRoundTrip = TimeSpan.FromMilliseconds(2);

    /// <summary>The node is on this machine.</summary>
    public bool IsSameHost => IPAddress.IsLoopback(Peer.Address);

    /// <summary>The same machine or a local network.</summary>
    public bool IsNear => IsSameHost || RoundTrip < NearRoundTrip;
}
