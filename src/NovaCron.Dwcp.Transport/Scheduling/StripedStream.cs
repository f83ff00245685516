using System.Buffers;
using System.Buffers.Binary;
using System.Threading.Channels;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>
/// One byte stream over several connections, in both directions (docs/format.md, "Carriers"): bytes go out in numbered blocks, each over the connection that has room first, so that a slow
/// one is given less; what comes early over one waits for what is missing. Memory is bounded by <see cref="Window"/> blocks a direction. One connection that breaks ends the whole.
/// </summary>
internal sealed class StripedStream : Stream
{
    /// <summary>Bytes of a block at most. Small enough that a slow connection holds nothing back for long, large enough that its header and TLS record cost little.</summary>
    public const int BlockBytes = 16 * 1024 - HeaderBytes - 64;

    /// <summary>Blocks that one connection may be ahead of another: 32 MiB, the connection window of UDP.</summary>
    public const int Window = 2048;

    private const int HeaderBytes = 8 + 4;

    // Blocks cut and not yet taken by a connection: enough that none waits, little enough that nothing grows old here.
    private const int BlocksAhead = 4;

    private readonly IReadOnlyList<Stream> _lanes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _running;
    private readonly TaskCompletionSource _firstBlock = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Sending.
    private readonly Channel<Block> _outgoing;
    private long _nextOut;

    // Receiving; guarded by _gate.
    private readonly object _gate = new();
    private readonly Dictionary<long, Block> _held = [];
    private TaskCompletionSource _arrived = NewSignal();
    private TaskCompletionSource _advanced = NewSignal();
    private long _nextIn;
    private Block _current;
    private int _currentAt;
    private Exception? _failure;
    private int _ended;
    private int _disposed;

    /// <param name="lanes">Connections to the same peer, 1 or more, each of which carries blocks in both directions; disposed with the stream.</param>
    public StripedStream(IReadOnlyList<Stream> lanes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes.Count, 1);
        _lanes = lanes;
        _outgoing = Channel.CreateBounded<Block>(new BoundedChannelOptions(BlocksAhead) { SingleWriter = true });
        _running = [.. lanes.Select(SendLaneAsync), .. lanes.Select(ReceiveLaneAsync)];
    }

    /// <summary>Completes with the peer's first block.</summary>
    public Task FirstBlock => _firstBlock.Task;

    /// <summary>Completes when no connection is used any more.</summary>
    public Task Ended => Task.WhenAll(_running);

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

    /// <summary>Hands bytes to the connections; waits while all are full.</summary>
    /// <exception cref="IOException">A connection broke.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var length = Math.Min(buffer.Length, BlockBytes);
            var bytes = ArrayPool<byte>.Shared.Rent(HeaderBytes + length);
            BinaryPrimitives.WriteInt64BigEndian(bytes, _nextOut++);
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), length);
            buffer.Span[..length].CopyTo(bytes.AsSpan(HeaderBytes));
            try
            {
                await _outgoing.Writer.WriteAsync(new Block(bytes, HeaderBytes + length), cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                ArrayPool<byte>.Shared.Return(bytes);
                throw Broken();
            }

            buffer = buffer[length..];
        }
    }

    /// <summary>Reads in order, waiting for at least one byte.</summary>
    /// <returns>Bytes read; 0 when the peer closed every connection.</returns>
    /// <exception cref="IOException">A connection broke.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_current.Length == 0 && _held.Remove(_nextIn, out var next))
                {
                    _current = next;
                    _currentAt = 0;
                    _nextIn++;
                    Pulse(ref _advanced);
                }

                if (_current.Length > 0)
                {
                    var count = Math.Min(buffer.Length, _current.Length - _currentAt);
                    _current.Bytes.AsSpan(_currentAt, count).CopyTo(buffer.Span);
                    _currentAt += count;
                    if (_currentAt < _current.Length) return count;
                    ArrayPool<byte>.Shared.Return(_current.Bytes);
                    _current = default;
                    return count;
                }

                if (_failure is not null) throw Broken();
                if (_ended == _lanes.Count) return 0;
                wait = _arrived.Task;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
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
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Ends it: readers and writers fail with the reason.</summary>
    public void Fail(string reason) => End(new IOException(reason));

    /// <summary>Sends what was written, then closes the connections.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _outgoing.Writer.TryComplete();
        try
        {
            await Task.WhenAll(_running.Take(_lanes.Count)).WaitAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A peer that takes no more: whoever waits for a commit has waited before.
        }

        End(new IOException("The stream was closed."));
        foreach (var lane in _lanes) await lane.DisposeAsync().ConfigureAwait(false);
        await Ended.ConfigureAwait(false);
        lock (_gate)
        {
            foreach (var block in _held.Values) ArrayPool<byte>.Shared.Return(block.Bytes);
            _held.Clear();
        }

        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Pulse(ref TaskCompletionSource signal)
    {
        signal.TrySetResult();
        signal = NewSignal();
    }

    private async Task SendLaneAsync(Stream lane)
    {
        try
        {
            await foreach (var block in _outgoing.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    await lane.WriteAsync(block.Bytes.AsMemory(0, block.Length), _stop.Token).ConfigureAwait(false);
                    AssComponent.RecordStripedBlock();
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(block.Bytes);
                }
            }
        }
        catch (Exception e) when (IsOfTheConnection(e))
        {
            End(e);
        }
    }

    private async Task ReceiveLaneAsync(Stream lane)
    {
        var header = new byte[HeaderBytes];
        try
        {
            while (await lane.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, _stop.Token).ConfigureAwait(false) is var read and > 0)
            {
                if (read < HeaderBytes) throw new EndOfStreamException("A connection ended inside a block.");
                var number = BinaryPrimitives.ReadInt64BigEndian(header);
                var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8));
                if (length is < 1 or > BlockBytes) throw new DwcpProtocolException($"A block of {length} bytes; 1 to {BlockBytes} are allowed.");
                var bytes = ArrayPool<byte>.Shared.Rent(length);
                try
                {
                    await lane.ReadExactlyAsync(bytes.AsMemory(0, length), _stop.Token).ConfigureAwait(false);
                    await HoldAsync(number, new Block(bytes, length)).ConfigureAwait(false);
                }
                catch
                {
                    ArrayPool<byte>.Shared.Return(bytes);
                    throw;
                }

                _firstBlock.TrySetResult();
            }

            lock (_gate)
            {
                _ended++;
                Pulse(ref _arrived);
            }
        }
        catch (Exception e) when (IsOfTheConnection(e))
        {
            End(e);
        }
    }

    // A connection that is far ahead waits here, and so TCP slows its sender down. The block that is missing is never behind one that waits: blocks are in order on each connection.
    private async ValueTask HoldAsync(long number, Block block)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (number < _nextIn + Window)
                {
                    if (number < _nextIn || !_held.TryAdd(number, block)) throw new DwcpProtocolException($"Block {number} came twice.");
                    if (number == _nextIn) Pulse(ref _arrived);
                    else AssComponent.RecordHeldBlock();
                    return;
                }

                wait = _advanced.Task;
            }

            await wait.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private static bool IsOfTheConnection(Exception e) =>
        e is IOException or ObjectDisposedException or OperationCanceledException or DwcpTransferException or InvalidOperationException or System.Net.Sockets.SocketException;

    private void End(Exception reason)
    {
        lock (_gate)
        {
            if (_failure is not null) return;
            _failure = reason;
            Pulse(ref _arrived);
        }

        _outgoing.Writer.TryComplete();
        while (_outgoing.Reader.TryRead(out var left)) ArrayPool<byte>.Shared.Return(left.Bytes);
        _firstBlock.TrySetException(new IOException(reason.Message, reason));
        _ = _firstBlock.Task.Exception; // observed: often nobody waits for it any more
        _stop.Cancel();
    }

    private IOException Broken() => new($"One of {_lanes.Count} connections that carry the session broke: {_failure?.Message ?? "it was closed"}", _failure);

    private readonly record struct Block(byte[] Bytes, int Length);
}
