using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>
/// Forwards ports of a pod: over a WebSocket by the channel protocol <c>v4.channel.k8s.io</c>, as client libraries do (for each asked
/// port a data channel and an error channel, whose first message is the port number), or by SPDY/3.1, as kubectl does, in a WebSocket or after an upgrade.
/// </summary>
internal sealed class PortForwardHandler(ApiContext api)
{
    private const string Channels = "v4.channel.k8s.io";
    private const string Spdy = "SPDY/3.1";
    private const string Tunnel = $"{Spdy}+{SpdyPortForwarding.Protocol}";

    public async Task HandleAsync(ApiRequest request)
    {
        var (ns, name) = (request.Path.Namespace, request.Path.Name);
        var pod = api.Store.Find(ResourceTypes.Pods, ns, name)?.Document ?? throw ApiStatusException.NotFound(ResourceTypes.Pods, name);
        var address = pod.At("status.podIP")?.ToString() ?? throw ApiStatusException.BadRequest($"pod {name} has no address yet");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, api.Stopping);
        if (!request.Http.WebSockets.IsWebSocketRequest)
        {
            await UpgradeAsync(request.Http, address, ending.Token).ConfigureAwait(false);
            return;
        }
        var asked = request.Http.WebSockets.WebSocketRequestedProtocols;
        if (asked.Contains(Tunnel))
        {
            // The name has a slash, which RFC 6455 does not allow and .NET refuses to answer with.
            request.Http.Response.Headers.SecWebSocketProtocol = Tunnel;
            using var tunnel = await request.Http.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
            await using var stream = WebSocketStream.Create(tunnel, WebSocketMessageType.Binary);
            using var forwarding = new SpdyPortForwarding(stream, address);
            await forwarding.RunAsync(ending.Token).ConfigureAwait(false);
            return;
        }
        if (!asked.Contains(Channels))
        {
            throw ApiStatusException.BadRequest($"unable to upgrade: none of the protocols [{string.Join(' ', asked)}] is spoken here, only {Tunnel} and {Channels}");
        }
        var ports = (request.Query("ports") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(static p => ushort.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? port : throw ApiStatusException.BadRequest($"invalid port {p}")).ToList();
        if (ports.Count is 0 or > 64)
        {
            throw ApiStatusException.BadRequest("query parameter \"ports\" is required");
        }
        using var socket = await request.Http.WebSockets.AcceptWebSocketAsync(Channels).ConfigureAwait(false);
        await new Forwarding(socket, address, ports).RunAsync(ending.Token).ConfigureAwait(false);
    }

    // The way of kubectl before 1.31, and after it where a proxy between lets no WebSocket through.
    private static async Task UpgradeAsync(HttpContext http, string address, CancellationToken cancellationToken)
    {
        var upgrade = http.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true } || !http.Request.Headers.Upgrade.ToString().Equals(Spdy, StringComparison.OrdinalIgnoreCase))
        {
            throw ApiStatusException.BadRequest("Upgrade request required");
        }
        if (!http.Request.Headers["X-Stream-Protocol-Version"].Contains(SpdyPortForwarding.Protocol))
        {
            throw ApiStatusException.BadRequest($"unable to upgrade: only {SpdyPortForwarding.Protocol} is spoken here");
        }
        http.Response.Headers.Upgrade = Spdy;
        http.Response.Headers["X-Stream-Protocol-Version"] = SpdyPortForwarding.Protocol;
        await using var stream = await upgrade.UpgradeAsync().ConfigureAwait(false);
        using var forwarding = new SpdyPortForwarding(stream, address);
        await forwarding.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed class Forwarding(WebSocket socket, string address, List<ushort> ports)
    {
        private readonly SemaphoreSlim _sending = new(1, 1);

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            var connections = new TcpClient[ports.Count];
            var pumps = new List<Task>();
            try
            {
                for (var i = 0; i < ports.Count; i++)
                {
                    connections[i] = new TcpClient();
                    var port = new byte[2];
                    BinaryPrimitives.WriteUInt16LittleEndian(port, ports[i]);
                    await SendAsync((byte)(2 * i), port, cancellationToken).ConfigureAwait(false);
                    await SendAsync((byte)((2 * i) + 1), port, cancellationToken).ConfigureAwait(false);
                    try
                    {
                        await connections[i].ConnectAsync(address, ports[i], cancellationToken).ConfigureAwait(false);
                        pumps.Add(PumpAsync((byte)(2 * i), connections[i], cancellationToken));
                    }
                    catch (SocketException e)
                    {
                        await SendAsync((byte)((2 * i) + 1), Encoding.UTF8.GetBytes($"error forwarding port {ports[i]} to pod: {e.Message}"), cancellationToken)
                            .ConfigureAwait(false);
                    }
                }
                await ReceiveAsync(connections, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
            {
                // One of the two sides has gone; the other follows.
            }
            finally
            {
                foreach (var connection in connections)
                {
                    connection?.Dispose();
                }
                await Task.WhenAll(pumps).ConfigureAwait(false);
                _sending.Dispose();
            }
        }

        private async Task ReceiveAsync(TcpClient[] connections, CancellationToken cancellationToken)
        {
            var buffer = new byte[64 * 1024];
            var (channel, first) = (0, true);
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                var data = buffer.AsMemory(0, received.Count);
                if (first && data.Length > 0)
                {
                    (channel, data, first) = (data.Span[0], data[1..], false);
                }
                if (channel % 2 == 0 && channel / 2 < connections.Length && data.Length > 0 && connections[channel / 2].Connected)
                {
                    await connections[channel / 2].GetStream().WriteAsync(data, cancellationToken).ConfigureAwait(false);
                }
                first = received.EndOfMessage;
            }
        }

        private async Task PumpAsync(byte channel, TcpClient connection, CancellationToken cancellationToken)
        {
            var buffer = new byte[32 * 1024];
            try
            {
                int read;
                while ((read = await connection.GetStream().ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    await SendAsync(channel, buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }
                // The channel protocol cannot end one channel; with a single port the connection ends.
                if (ports.Count == 1)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The forwarding has ended.
            }
        }

        private async Task SendAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            var frame = ArrayPool<byte>.Shared.Rent(data.Length + 1);
            await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                frame[0] = channel;
                data.CopyTo(frame.AsMemory(1));
                await socket.SendAsync(frame.AsMemory(0, data.Length + 1), WebSocketMessageType.Binary, true, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _sending.Release();
                ArrayPool<byte>.Shared.Return(frame);
            }
        }
    }
}
