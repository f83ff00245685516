using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>What is asked of the kernel's TCP on long paths. A kernel that knows or allows it not goes on as it was.</summary>
internal static class TcpTuning
{
    private const int TcpLevel = 6;
    private const int CongestionOption = 13;
    private const int NotSentLowWaterOption = 25;

    // Bytes that wait in a socket unsent: what waits there cannot go over another connection any more.
    private const int NotSentBytes = 128 * 1024;

    /// <summary>Asks for BBR, which random loss does not slow down. Linux grants it where the module is loaded and net.ipv4.tcp_allowed_congestion_control names it, or to CAP_NET_ADMIN.</summary>
    /// <returns>Whether the connection uses it now.</returns>
    public static bool PreferBbr(Socket socket) => TryCongestionControl(socket, "bbr"u8);

    /// <summary>Asks for a congestion control by its name.</summary>
    internal static bool TryCongestionControl(Socket socket, ReadOnlySpan<byte> name) => RawSocketOption.TrySet(socket, TcpLevel, CongestionOption, name);

    /// <summary>Lets little wait unsent in the socket (TCP_NOTSENT_LOWAT).</summary>
    public static void LimitUnsent(Socket socket) => RawSocketOption.TrySet(socket, TcpLevel, NotSentLowWaterOption, NotSentBytes);
}
