using System.Buffers.Binary;

namespace NovaCron.Dwcp.Rehearsal.Spdy;

/// <summary>The server's side of a SPDY/3.1 connection, as far as Kubernetes uses it: no flow control, no settings, empty replies.</summary>
internal sealed class SpdyConnection(Stream transport) : IDisposable
{
    private const int HeadBytes = 8;
    private const int MaxFrameBytes = 1 << 20;
    private const byte Last = 1;
    private const int ControlBit = 0x80;

    // Zlib without a dictionary: a stored block that says "no headers", and an empty one that flushes it. The zlib header goes first, once.
    private static readonly byte[] ZlibHeader = [0x78, 0x01];
    private static readonly byte[] NoHeaders = [0, 4, 0, 0xFB, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    private readonly SemaphoreSlim _sending = new(1, 1);
    private bool _replied;

    /// <summary>The next frame, or null when the peer has closed the connection between two frames.</summary>
    /// <exception cref="SpdyException">It is longer than a megabyte, of another version, or cut short.</exception>
    public async ValueTask<SpdyFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        var head = new byte[HeadBytes];
        var read = await transport.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            return null;
        }
        var length = (head[5] << 16) | (head[6] << 8) | head[7];
        if (read < HeadBytes || length > MaxFrameBytes)
        {
            throw new SpdyException(read < HeadBytes ? "A SPDY frame is cut short." : $"A SPDY frame has {length} bytes; at most {MaxFrameBytes} are read.");
        }
        var payload = new byte[length];
        if (await transport.ReadAtLeastAsync(payload, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < length)
        {
            throw new SpdyException("A SPDY frame is cut short.");
        }
        var isLast = (head[4] & Last) != 0;
        if ((head[0] & ControlBit) == 0)
        {
            return new(SpdyFrameType.Data, BinaryPrimitives.ReadInt32BigEndian(head), isLast, payload);
        }
        var version = BinaryPrimitives.ReadUInt16BigEndian(head) & 0x7FFF;
        return version == 3
            ? new((SpdyFrameType)BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)), 0, isLast, payload)
            : throw new SpdyException($"A SPDY frame is of version {version}; 3 is spoken here.");
    }

    /// <summary>Sends data, and with <paramref name="isLast"/> the end of the stream.</summary>
    public Task SendAsync(int stream, ReadOnlyMemory<byte> data, bool isLast, CancellationToken cancellationToken)
    {
        var head = new byte[HeadBytes];
        BinaryPrimitives.WriteInt32BigEndian(head, stream);
        head[4] = isLast ? Last : (byte)0;
        return WriteAsync(head, data, cancellationToken);
    }

    /// <summary>Accepts a stream.</summary>
    public Task ReplyAsync(int stream, CancellationToken cancellationToken)
    {
        byte[] block = _replied ? NoHeaders : [.. ZlibHeader, .. NoHeaders];
        _replied = true;
        return SendControlAsync(SpdyFrameType.SynReply, [.. Number(stream), .. block], cancellationToken);
    }

    /// <summary>Refuses or ends a stream at once.</summary>
    public Task ResetAsync(int stream, SpdyResetStatus status, CancellationToken cancellationToken) =>
        SendControlAsync(SpdyFrameType.ResetStream, [.. Number(stream), .. Number((int)status)], cancellationToken);

    /// <summary>Answers a ping with itself.</summary>
    public Task AnswerPingAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => SendControlAsync(SpdyFrameType.Ping, payload.ToArray(), cancellationToken);

    public void Dispose() => _sending.Dispose();

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private Task SendControlAsync(SpdyFrameType type, byte[] payload, CancellationToken cancellationToken)
    {
        var head = new byte[HeadBytes];
        BinaryPrimitives.WriteUInt16BigEndian(head, 0x8003);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)type);
        return WriteAsync(head, payload, cancellationToken);
    }

    // One write a frame: over a WebSocket each write is a message.
    private async Task WriteAsync(byte[] head, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var frame = new byte[HeadBytes + payload.Length];
        head.CopyTo(frame, 0);
        (frame[5], frame[6], frame[7]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        payload.CopyTo(frame.AsMemory(HeadBytes));
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await transport.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }
}
