using System.Buffers;

namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>
/// Frames over a stream. One reader and any number of writers at a time. Small frames gather until <see cref="FlushAsync"/> or until the buffer is full, so that a
/// small object travels in one TLS record; large frames go out at once, behind what gathered.
/// <para>
/// A send that began is never torn: TLS numbers its records (RFC 8446, 5.3), so one that is encrypted and not sent makes every later one unreadable, the Error frame with
/// the reason, too. Cancellation therefore ends the wait for a turn at once, and a send only after <see cref="SendGrace"/>; then the channel sends nothing more.
/// </para>
/// </summary>
internal sealed class FrameChannel : IAsyncDisposable
{
    private const int ReadBufferBytes = 64 * 1024;
    private const int WriteBufferBytes = 32 * 1024;
    private const int MaxHeaderBytes = 1 + 5 + 5;

    private readonly Stream _stream;

    // Reading; touched by the reader only.
    private byte[] _readBuffer = ArrayPool<byte>.Shared.Rent(ReadBufferBytes);
    private int _readStart;
    private int _readEnd;

    // Writing; guarded by _writing.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly byte[] _writeBuffer = new byte[WriteBufferBytes];
    private readonly CancellationTokenSource _cut = new();
    private int _gathered;

    private long _bytesRead;
    private long _bytesWritten;
    private long _lastActivity = Environment.TickCount64;
    private int _disposed;

    public FrameChannel(Stream stream) => _stream = stream;

    /// <summary>How long a send whose caller cancelled may still take to be whole.</summary>
    public TimeSpan SendGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A longer frame is a protocol violation.</summary>
    public int MaxFrameBytes { get; set; } = WireLimits.MaxFrameBeforeOpen;

    public long BytesRead => Interlocked.Read(ref _bytesRead);

    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>Time since a byte last moved in either direction.</summary>
    public TimeSpan Idle => TimeSpan.FromMilliseconds(Environment.TickCount64 - Interlocked.Read(ref _lastActivity));

    /// <summary>The next frame, or null when the peer closed between two frames.</summary>
    /// <exception cref="DwcpProtocolException">The bytes are no frame.</exception>
    /// <exception cref="DwcpTransferException">The connection broke, or ended inside a frame.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        FrameType type;
        int stream;
        int length;
        while (!TryReadHeader(out type, out stream, out length))
        {
            if (await FillAsync(cancellationToken).ConfigureAwait(false)) continue;
            if (_readEnd == _readStart) return null;
            throw Broken("The connection ended inside a frame.", null);
        }

        var payload = length == 0 ? [] : ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var have = Math.Min(length, _readEnd - _readStart);
            _readBuffer.AsSpan(_readStart, have).CopyTo(payload);
            _readStart += have;
            while (have < length)
            {
                var read = await ReadSomeAsync(payload.AsMemory(have, length - have), cancellationToken).ConfigureAwait(false);
                if (read == 0) throw Broken("The connection ended inside a frame.", null);
                have += read;
            }
        }
        catch
        {
            if (length > 0) ArrayPool<byte>.Shared.Return(payload);
            throw;
        }

        return new Frame(type, stream, payload, length);
    }

    /// <summary>Writes a frame; it may gather until the next flush.</summary>
    public async ValueTask WriteAsync(FrameType type, int stream, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (WriteBufferBytes - _gathered < MaxHeaderBytes) await SendGatheredAsync(cancellationToken).ConfigureAwait(false);
            WriteHeader(type, stream, payload.Length);
            if (payload.Length <= WriteBufferBytes - _gathered)
            {
                payload.Span.CopyTo(_writeBuffer.AsSpan(_gathered));
                _gathered += payload.Length;
                return;
            }

            await SendGatheredAsync(cancellationToken).ConfigureAwait(false);
            await SendAsync(payload, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public ValueTask WriteAsync(FrameType type, int stream, WireWriter payload, CancellationToken cancellationToken) =>
        WriteAsync(type, stream, payload.WrittenMemory, cancellationToken);

    /// <summary>Sends what gathered.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await SendGatheredAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Gives the read buffer back; only once nobody reads any more.</summary>
    public void ReleaseBuffers()
    {
        if (_readBuffer.Length == 0) return;
        ArrayPool<byte>.Shared.Return(_readBuffer);
        _readBuffer = [];
        _readStart = _readEnd = 0;
    }

    private static DwcpTransferException Broken(string message, Exception? cause) => new(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, message, cause);

    private bool TryReadHeader(out FrameType type, out int stream, out int length)
    {
        type = default;
        stream = length = 0;
        var bytes = _readBuffer.AsSpan(_readStart, _readEnd - _readStart);
        if (bytes.IsEmpty) return false;
        type = (FrameType)bytes[0];
        var position = 1;
        if (!TryReadVarint(bytes, ref position, out var streamValue) || !TryReadVarint(bytes, ref position, out var lengthValue)) return false;
        if (streamValue > WireLimits.MaxStream) throw new DwcpProtocolException($"A frame names stream {streamValue}.");
        if (lengthValue > (uint)MaxFrameBytes) throw new DwcpProtocolException($"A frame of {lengthValue} bytes is longer than the {MaxFrameBytes} allowed here.");
        stream = (int)streamValue;
        length = (int)lengthValue;
        _readStart += position;
        return true;
    }

    private static bool TryReadVarint(ReadOnlySpan<byte> bytes, ref int position, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (position == bytes.Length) return false;
            var b = bytes[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if ((b & 0x80) != 0) continue;
            if (b == 0 && shift > 0) throw new DwcpProtocolException("A varint in a frame's header is longer than needed.");
            return true;
        }

        throw new DwcpProtocolException("A varint in a frame's header is too long.");
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_readStart > 0)
        {
            _readBuffer.AsSpan(_readStart, _readEnd - _readStart).CopyTo(_readBuffer);
            _readEnd -= _readStart;
            _readStart = 0;
        }

        var read = await ReadSomeAsync(_readBuffer.AsMemory(_readEnd), cancellationToken).ConfigureAwait(false);
        _readEnd += read;
        return read > 0;
    }

    private async ValueTask<int> ReadSomeAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            var read = await _stream.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _bytesRead, read);
            Interlocked.Exchange(ref _lastActivity, Environment.TickCount64);
            return read;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw Broken($"The connection broke while receiving: {e.Message}", e);
        }
    }

    private void WriteHeader(FrameType type, int stream, int length)
    {
        _writeBuffer[_gathered++] = (byte)type;
        WriteVarint((uint)stream);
        WriteVarint((uint)length);
    }

    private void WriteVarint(uint value)
    {
        while (value >= 0x80)
        {
            _writeBuffer[_gathered++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _writeBuffer[_gathered++] = (byte)value;
    }

    private async ValueTask SendGatheredAsync(CancellationToken cancellationToken)
    {
        if (_gathered == 0) return;
        var length = _gathered;
        _gathered = 0;
        await SendAsync(_writeBuffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_cut.IsCancellationRequested) throw Broken("The connection sends nothing more: a frame was cancelled before all of it was sent.", null);
        try
        {
            await using (cancellationToken.UnsafeRegister(static channel => ((FrameChannel)channel!).CutSoon(), this).ConfigureAwait(false))
            {
                await _stream.WriteAsync(bytes, _cut.Token).ConfigureAwait(false);
            }

            _cut.TryReset(); // it was whole in time; false only when the grace ended in this moment, and then the next send says so
            Interlocked.Add(ref _bytesWritten, bytes.Length);
            Interlocked.Exchange(ref _lastActivity, Environment.TickCount64);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw Broken($"The connection broke while sending: {e.Message}", e);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken); // the grace's own token means nothing to the caller
        }
    }

    private void CutSoon() => _cut.CancelAfter(SendGrace);
}
