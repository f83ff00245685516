using System.Net;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>What a connection knows of its path at one moment.</summary>
/// <param name="Remote">Where datagrams go.</param>
/// <param name="Validated">The address was proved to be the peer's.</param>
/// <param name="Datagram">UDP payload bytes in use.</param>
/// <param name="SmoothedRtt">Nanoseconds.</param>
/// <param name="MinimumRtt">Nanoseconds; 0 before the first sample.</param>
/// <param name="InFlight">Bytes sent and not yet acknowledged or lost.</param>
/// <param name="CongestionWindow">Bytes that may be in flight.</param>
/// <param name="PacingRate">Bytes per second.</param>
/// <param name="Delivered">Bytes acknowledged so far.</param>
/// <param name="Lost">Bytes declared lost so far: what was sent again.</param>
/// <param name="Streams">Open streams.</param>
/// <param name="LastReceivedAt">When the last authenticated datagram came, nanoseconds of the connection's clock.</param>
/// <param name="AwaitedSince">Since when an answer is awaited and nothing came; 0 when none is awaited.</param>
/// <param name="SentBytes">Bytes of all datagrams sent, headers and repetitions included.</param>
public sealed record DatagramPathState(
    EndPoint Remote, bool Validated, int Datagram, long SmoothedRtt, long MinimumRtt, long InFlight, long CongestionWindow,
    double PacingRate, long Delivered, long Lost, int Streams, long LastReceivedAt, long AwaitedSince, long SentBytes);
