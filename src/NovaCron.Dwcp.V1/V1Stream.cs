using System.Buffers.Binary;
using System.IO.Compression;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.V1;

/// <summary>v1 messages over a stream: a type byte, a length of four bytes, a body. One reader and one writer at a time.</summary>
internal sealed class V1Stream(Stream stream) : IAsyncDisposable
{
    private const int HeaderBytes = 5;

    private readonly BufferedStream _output = new(stream, 64 * 1024);
    private readonly byte[] _header = new byte[HeaderBytes];
    private byte[] _body = new byte[4096];
    private long _read;
    private long _written;
    private long _lastActivity = Environment.TickCount64;

    public long BytesRead => Interlocked.Read(ref _read);

    public long BytesWritten => Interlocked.Read(ref _written);

    /// <summary>Time since a byte last moved.</summary>
    public TimeSpan Idle => TimeSpan.FromMilliseconds(Environment.TickCount64 - Interlocked.Read(ref _lastActivity));

    /// <summary>The next message, or null when the peer closed. The body is valid until the next read.</summary>
    public async ValueTask<(V1Message Type, ReadOnlyMemory<byte> Body)?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var got = await stream.ReadAtLeastAsync(_header, HeaderBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (got == 0) return null;
            if (got < HeaderBytes) throw Broken("The connection ended inside a message.", null);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(1));
            if (length > V1Limits.MaxMessage) throw new DwcpProtocolException($"A message of {length} bytes is longer than the {V1Limits.MaxMessage} allowed.");
            if (_body.Length < length) _body = new byte[length];
            if (await stream.ReadAtLeastAsync(_body.AsMemory(0, (int)length), (int)length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < length)
                throw Broken("The connection ended inside a message.", null);
            Interlocked.Add(ref _read, HeaderBytes + length);
            Interlocked.Exchange(ref _lastActivity, Environment.TickCount64);
            return ((V1Message)_header[0], _body.AsMemory(0, (int)length));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw Broken($"The connection broke while receiving: {e.Message}", e);
        }
    }

    /// <summary>The next message, which must be of this type; an Error message is thrown as what it says.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ExpectAsync(V1Message type, CancellationToken cancellationToken)
    {
        var message = await ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw Broken("The node closed the connection instead of answering.", null);
        if (message.Type == V1Message.Error) throw ErrorFrame.Read(message.Body.Span);
        return message.Type == type ? message.Body : throw new DwcpProtocolException($"A {message.Type} message came where {type} was due.");
    }

    public async ValueTask WriteAsync(V1Message type, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        header[0] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(1), (uint)body.Length);
        try
        {
            await _output.WriteAsync(header, cancellationToken).ConfigureAwait(false);
            await _output.WriteAsync(body, cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _written, HeaderBytes + body.Length);
            Interlocked.Exchange(ref _lastActivity, Environment.TickCount64);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw Broken($"The connection broke while sending: {e.Message}", e);
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw Broken($"The connection broke while sending: {e.Message}", e);
        }
    }

    public async ValueTask WriteErrorAsync(DwcpTransferException e, CancellationToken cancellationToken)
    {
        using var body = new WireWriter();
        ErrorFrame.Write(body, e);
        await WriteAsync(V1Message.Error, body.WrittenMemory, cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    // The buffer in front is let go: what was not flushed belonged to a request that failed.
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    /// <summary>zlib at its usual level: what v1 always did.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> piece)
    {
        using var target = new MemoryStream(piece.Length / 2);
        using (var zlib = new ZLibStream(target, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(piece);
        return target.ToArray();
    }

    /// <summary>Expands a piece into at most the buffer given.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="DwcpProtocolException">It is no zlib stream, or expands to more.</exception>
    public static int Expand(ReadOnlyMemory<byte> compressed, byte[] destination)
    {
        try
        {
            using var source = new MemoryStream(compressed.ToArray(), writable: false);
            using var zlib = new ZLibStream(source, CompressionMode.Decompress);
            var total = zlib.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            if (total == destination.Length && zlib.ReadByte() >= 0) throw new DwcpProtocolException($"A piece expands to more than {destination.Length} bytes.");
            return total;
        }
        catch (Exception e) when (e is InvalidDataException or IOException) // a stream that wants a dictionary is an IOException
        {
            throw new DwcpProtocolException(DwcpErrorCode.CorruptChunk, $"A piece is no zlib stream: {e.Message}");
        }
    }

    private static DwcpTransferException Broken(string message, Exception? cause) => new(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, message, cause);
}
