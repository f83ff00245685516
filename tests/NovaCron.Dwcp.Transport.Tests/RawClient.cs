using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A client that sends whatever frames a test wants, inside real TLS.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly TcpClient _tcp;

    private RawClient(TcpClient tcp, SslStream tls)
    {
        _tcp = tcp;
        Tls = tls;
        Channel = new FrameChannel(tls) { MaxFrameBytes = WireLimits.MaxFrame };
    }

    public SslStream Tls { get; }

    public FrameChannel Channel { get; }

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "dwcp-v3",
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new SslApplicationProtocol("dwcp/3")],
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        return new RawClient(tcp, tls);
    }

    public static async Task<RawClient> OpenAsync(int port, string key = TestNode.Key)
    {
        var client = await ConnectAsync(port);
        await client.SendAsync(FrameType.Open, 0, w => new OpenMessage([3], "raw", key, "").Write(w));
        using var reply = await client.ReadAsync();
        Assert.Equal(FrameType.OpenReply, reply!.Type);
        return client;
    }

    public async Task SendAsync(FrameType type, int stream, Action<WireWriter>? write = null)
    {
        using var payload = new WireWriter();
        write?.Invoke(payload);
        await Channel.WriteAsync(type, stream, payload, default);
        await Channel.FlushAsync(default);
    }

    public async Task<Frame?> ReadAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await Channel.ReadAsync(limit.Token);
    }

    /// <summary>Reads until an Error comes, skipping answers.</summary>
    public async Task<DwcpTransferException> ReadErrorAsync()
    {
        while (true)
        {
            using var frame = await ReadAsync() ?? throw new InvalidOperationException("The node closed without an Error.");
            if (frame.Type == FrameType.Error) return ErrorFrame.Read(frame.Payload.Span);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        _tcp.Dispose();
    }
}
