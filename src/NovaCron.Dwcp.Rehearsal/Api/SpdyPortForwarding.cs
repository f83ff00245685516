using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using NovaCron.Dwcp.Rehearsal.Spdy;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>
/// Forwards ports of a pod by <c>portforward.k8s.io</c> over SPDY/3.1, as kubectl does: for each connection an error stream and a data stream, which the headers
/// <c>streamType</c>, <c>port</c> and <c>requestID</c> bring together.
/// </summary>
internal sealed class SpdyPortForwarding(Stream transport, string address) : IDisposable
{
    /// <summary>The name of the protocol above SPDY.</summary>
    public const string Protocol = "portforward.k8s.io";

    private const int MaxStreams = 512;

    private readonly SpdyConnection _connection = new(transport);
    private readonly SpdyHeaderInflater _headers = new();
    private readonly Dictionary<string, (int Stream, string Port)> _errorStreams = new(StringComparer.Ordinal);
    private readonly Dictionary<int, TcpClient> _dataStreams = [];
    private readonly List<Task> _pumps = [];

    /// <summary>Serves until the client goes, or speaks another language.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _connection.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
            {
                await HandleAsync(frame, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or System.Net.WebSockets.WebSocketException or OperationCanceledException)
        {
            // One of the two sides has gone, or is not understood; the other follows.
        }
        finally
        {
            foreach (var pod in _dataStreams.Values)
            {
                pod.Dispose();
            }
            await Task.WhenAll(_pumps).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _headers.Dispose();
    }

    private async Task HandleAsync(SpdyFrame frame, CancellationToken cancellationToken)
    {
        switch (frame.Type)
        {
            case SpdyFrameType.SynStream:
                await OpenAsync(frame, cancellationToken).ConfigureAwait(false);
                break;
            case SpdyFrameType.Data when _dataStreams.TryGetValue(frame.Stream, out var pod):
                await DeliverAsync(pod, frame, cancellationToken).ConfigureAwait(false);
                break;
            case SpdyFrameType.Ping:
                await _connection.AnswerPingAsync(frame.Payload, cancellationToken).ConfigureAwait(false);
                break;
            case SpdyFrameType.Headers:
                _headers.Read(Block(frame, 4)); // means nothing here, but belongs to the compressed stream
                break;
            case SpdyFrameType.ResetStream when frame.Payload.Length == 8 && _dataStreams.Remove(Stream(frame), out var reset):
                reset.Dispose();
                break;
        }
    }

    private static int Stream(SpdyFrame frame) => BinaryPrimitives.ReadInt32BigEndian(frame.Payload.Span) & int.MaxValue;

    private static ReadOnlySpan<byte> Block(SpdyFrame frame, int from) =>
        frame.Payload.Length >= from ? frame.Payload.Span[from..] : throw new SpdyException("A SPDY control frame is cut short.");

    private async Task OpenAsync(SpdyFrame frame, CancellationToken cancellationToken)
    {
        var headers = _headers.Read(Block(frame, 10));
        var stream = Stream(frame);
        var (type, port, request) = (headers.GetValueOrDefault("streamType"), headers.GetValueOrDefault("port") ?? "", headers.GetValueOrDefault("requestID") ?? "");
        if (_dataStreams.Count + _errorStreams.Count >= MaxStreams)
        {
            await _connection.ResetAsync(stream, SpdyResetStatus.RefusedStream, cancellationToken).ConfigureAwait(false);
        }
        else if (type == "error" && _errorStreams.TryAdd(request, (stream, port)))
        {
            await _connection.ReplyAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        else if (type == "data" && _errorStreams.Remove(request, out var error) && error.Port == port)
        {
            await _connection.ReplyAsync(stream, cancellationToken).ConfigureAwait(false);
            await ConnectAsync(stream, error.Stream, port, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await _connection.ResetAsync(stream, SpdyResetStatus.ProtocolError, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ConnectAsync(int stream, int error, string port, CancellationToken cancellationToken)
    {
        var pod = new TcpClient();
        try
        {
            if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                throw new SpdyException($"'{port}' is no port.");
            }
            await pod.ConnectAsync(address, number, cancellationToken).ConfigureAwait(false);
            _dataStreams[stream] = pod;
            _pumps.Add(PumpAsync(stream, error, pod, cancellationToken));
        }
        catch (Exception e) when (e is SocketException or SpdyException)
        {
            pod.Dispose();
            await _connection.SendAsync(error, Encoding.UTF8.GetBytes($"error forwarding port {port} to pod: {e.Message}"), isLast: true, cancellationToken).ConfigureAwait(false);
            await _connection.SendAsync(stream, ReadOnlyMemory<byte>.Empty, isLast: true, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task DeliverAsync(TcpClient pod, SpdyFrame frame, CancellationToken cancellationToken)
    {
        try
        {
            await pod.GetStream().WriteAsync(frame.Payload, cancellationToken).ConfigureAwait(false);
            if (frame.IsLast)
            {
                pod.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The pod has closed this connection: the pump tells the client so. The others go on.
        }
    }

    private async Task PumpAsync(int stream, int error, TcpClient pod, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            int read;
            while ((read = await ReadAsync().ConfigureAwait(false)) > 0)
            {
                await _connection.SendAsync(stream, buffer.AsMemory(0, read), isLast: false, cancellationToken).ConfigureAwait(false);
            }
            await _connection.SendAsync(stream, ReadOnlyMemory<byte>.Empty, isLast: true, cancellationToken).ConfigureAwait(false);
            await _connection.SendAsync(error, ReadOnlyMemory<byte>.Empty, isLast: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Net.WebSockets.WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone.
        }

        // A pod that resets its connection has ended it.
        async ValueTask<int> ReadAsync()
        {
            try
            {
                return await pod.GetStream().ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                return 0;
            }
        }
    }
}
