using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion;

public sealed class TcpTuningTests
{
    [Fact]
    public async Task A_kernel_that_refuses_leaves_the_connection_as_it_was()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint);
        const int tcp = 6;
        const int unknown = 9999;
        Assert.False(TcpTuning.TryCongestionControl(socket, "no-such-thing"u8));
        Assert.False(RawSocketOption.TrySet(socket, tcp, unknown, 1));
        Assert.Equal(0, RawSocketOption.Read(socket, tcp, unknown, new byte[16]));
        Assert.True(socket.Connected);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(new byte[1]);
        Assert.Equal(OperatingSystem.IsLinux(), TcpPath.Read(socket) is { SegmentBytes: > 0 });
        socket.Dispose();
        Assert.Null(TcpPath.Read(socket));
    }
}
