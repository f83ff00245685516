using System.Net;
using System.Net.WebSockets;
using k8s;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// HTTP to a port of a pod through a port-forward. It ends inside the pod, so that it works where a NetworkPolicy keeps the API server's proxy
/// out; it costs a WebSocket per request.
/// </summary>
internal static class PodTunnel
{
    /// <summary>A client whose every connection is a forward to the port; dispose it to end them.</summary>
    public static HttpClient Open(IKubernetes client, string @namespace, string pod, int port) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellationToken) => await ConnectAsync(client, @namespace, pod, port, cancellationToken).ConfigureAwait(false),
    })
    {
        // The caller has its own limit.
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestVersion = HttpVersion.Version11,
    };

    /// <summary>One connection to the port.</summary>
    public static async Task<Stream> ConnectAsync(IKubernetes client, string @namespace, string pod, int port, CancellationToken cancellationToken) => new Forward(
        await client.WebSocketNamespacedPodPortForwardAsync(pod, @namespace, [port], WebSocketProtocol.V4BinaryWebsocketProtocol, cancellationToken: cancellationToken).ConfigureAwait(false));

    /// <summary>Channel 0 carries the bytes, channel 1 what went wrong; each begins with the port's number. Source: v4.channel.k8s.io.</summary>
    private sealed class Forward(WebSocket socket) : Stream
    {
        private const int Header = 2;
        private readonly byte[] _buffer = new byte[32 * 1024];
        private readonly byte[] _frame = new byte[32 * 1024];
        private readonly int[] _seen = new int[2];
        private ReadOnlyMemory<byte> _pending;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
        {
            while (_pending.IsEmpty)
            {
                // A message may come in parts; only its first byte is the channel's number.
                var (channel, started) = (0, false);
                using var message = new MemoryStream();
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
                    if (part.MessageType == WebSocketMessageType.Close)
                        return 0;
                    var data = _buffer.AsMemory(0, part.Count);
                    if (!started && !data.IsEmpty)
                        (channel, data, started) = (data.Span[0], data[1..], true);
                    message.Write(data.Span);
                }
                while (!part.EndOfMessage);
                if (!started || channel > 1)
                    continue;
                var skip = (int)Math.Min(message.Length, Header - _seen[channel]);
                _seen[channel] += skip;
                var rest = message.ToArray().AsMemory(skip);
                if (channel == 1 && !rest.IsEmpty)
                    throw new IOException($"the port-forward failed: {System.Text.Encoding.UTF8.GetString(rest.Span).Trim()}");
                if (channel == 0)
                    _pending = rest;
            }

            var count = Math.Min(destination.Length, _pending.Length);
            _pending[..count].CopyTo(destination);
            _pending = _pending[count..];
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            while (!source.IsEmpty)
            {
                var count = Math.Min(source.Length, _frame.Length - 1);
                _frame[0] = 0;
                source[..count].CopyTo(_frame.AsMemory(1));
                await socket.SendAsync(_frame.AsMemory(0, count + 1), WebSocketMessageType.Binary, true, cancellationToken).ConfigureAwait(false);
                source = source[count..];
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads.");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous writes.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                socket.Dispose();
            base.Dispose(disposing);
        }
    }
}
