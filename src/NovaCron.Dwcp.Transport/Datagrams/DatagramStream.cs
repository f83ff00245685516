using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// A stream of a <see cref="DatagramConnection"/>: bytes in order, both ways, with its own flow control, so that one slow
/// reader holds up nobody else. Reads and writes may run at the same time, one of each.
/// </summary>
public sealed class DatagramStream : Stream, IScheduledStream
{
    private readonly DatagramConnection _connection;
    private readonly AsyncSignal _readable = new();
    private readonly AsyncSignal _writable = new();
    private bool _disposed;

    internal DatagramStream(DatagramConnection connection, long id, StreamPriority priority, int weight, long sendLimit, long receiveWindow)
    {
        _connection = connection;
        Id = id;
        Priority = priority;
        Weight = weight;
        Sending = new SendHalf { Limit = sendLimit };
        Receiving = new ReceiveHalf(receiveWindow);
    }

    /// <summary>The stream's number on its connection; even ones were opened by the client.</summary>
    public long Id { get; }

    /// <summary>What goes first when the path is busy.</summary>
    public StreamPriority Priority { get; }

    /// <summary>The stream's share among others of its priority; 1 to 256.</summary>
    public int Weight { get; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    internal SendHalf Sending { get; }

    internal ReceiveHalf Receiving { get; }

    // Guarded by the connection's lock.
    bool IScheduledStream.Queued { get; set; }

    int IScheduledStream.Deficit { get; set; }

    bool IScheduledStream.HasWork(long credit) => Sending.HasWork(credit);

    internal bool ReadableDue { get; set; }

    internal bool WindowUpdateDue { get; set; }

    internal bool ResetDue { get; set; }

    internal long ResetCode { get; set; }

    /// <summary>Reads what came, waiting for at least one byte.</summary>
    /// <returns>Bytes read; 0 at the end of the stream.</returns>
    /// <exception cref="DwcpTransferException">The connection ended, or the peer gave the stream up.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (TryRead(buffer.Span, out var wait) is var count and >= 0) return count;
            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Hands bytes to the connection; waits while its buffer is full.</summary>
    /// <exception cref="DwcpTransferException">The connection ended, or the peer wants no more of the stream.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var count = TryWrite(buffer.Span, out var wait);
            buffer = buffer[count..];
            if (count == 0) await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads without waiting.</summary>
    /// <returns>Bytes read, 0 at the end, or -1 when <paramref name="wait"/> must complete first.</returns>
    internal int TryRead(Span<byte> buffer, out Task wait)
    {
        wait = Task.CompletedTask;
        lock (_connection.Gate)
        {
            if (Receiving.ResetCode is { } code) throw new DwcpTransferException(
                DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"The peer gave up stream {Id} (code {code}). Resume the transfer.");
            if (Receiving.IsFinished) return 0;
            if (Receiving.Available > 0 || buffer.IsEmpty)
            {
                var count = Receiving.Read(buffer);
                _connection.OnConsumedLocked(this, count);
                return count;
            }

            _connection.ThrowIfClosedLocked();
            wait = _readable.Next;
            return -1;
        }
    }

    /// <summary>Writes without waiting.</summary>
    /// <returns>Bytes taken; 0 when <paramref name="wait"/> must complete first.</returns>
    internal int TryWrite(ReadOnlySpan<byte> buffer, out Task wait)
    {
        wait = Task.CompletedTask;
        int count;
        lock (_connection.Gate)
        {
            _connection.ThrowIfClosedLocked();
            if (Sending.IsReset) throw new DwcpTransferException(
                DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"The peer wants no more of stream {Id}. Resume the transfer.");
            count = (int)Math.Min(_connection.SendRoomLocked(this), buffer.Length);
            if (count <= 0)
            {
                wait = _writable.Next;
                return 0;
            }

            Sending.Write(buffer[..count]);
            _connection.OnWorkLocked(this);
        }

        _connection.Wake();
        return count;
    }

    /// <summary>Ends the sending side: the peer's reader sees the end after the last byte.</summary>
    public void CompleteWrites()
    {
        lock (_connection.Gate)
        {
            Sending.Finish();
            _connection.OnWorkLocked(this);
        }

        _connection.Wake();
    }

    /// <summary>Waits until the peer has everything that was written, the end included; returns at once when the connection or the stream is over.</summary>
    public async Task WaitForAcknowledgementAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (_connection.Gate)
            {
                if (Sending.IsDone || _connection.IsOverLocked) return;
                wait = _writable.Next;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives the stream up in both directions.</summary>
    /// <param name="code">What the peer is told.</param>
    public void Abort(long code)
    {
        lock (_connection.Gate)
        {
            _connection.AbortLocked(this, code);
        }

        _connection.Wake();
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    internal void SignalReadableLocked() => _readable.Set();

    internal void SignalWritableLocked() => _writable.Set();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            lock (_connection.Gate)
            {
                // What was written still arrives; what was not read is not wanted.
                Sending.Finish();
                if (!Receiving.IsDone) _connection.StopReadingLocked(this);
                _connection.OnWorkLocked(this);
            }

            _connection.Wake();
        }

        base.Dispose(disposing);
    }
}
