using System.Net.Sockets;
using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>
/// Has the kernel notice a peer that vanished without a word (a host that died, a NAT that forgot): probes when nothing moves, and a limit on how long sent bytes may
/// stay unacknowledged (RFC 5482). Without it a receiver that only waits would wait for ever.
/// </summary>
internal static class DeadPeerDetection
{
    private const int IdleSeconds = 15;
    private const int IntervalSeconds = 5;
    private const int Probes = 4;

    // linux/tcp.h; .NET has no name for it.
    private const int TcpProtocol = 6;
    private const int UserTimeout = 18;
    private const int UserTimeoutMilliseconds = 35_000;

    public static void Enable(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, IntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        RawSocketOption.TrySet(socket, TcpProtocol, UserTimeout, UserTimeoutMilliseconds);
    }
}
