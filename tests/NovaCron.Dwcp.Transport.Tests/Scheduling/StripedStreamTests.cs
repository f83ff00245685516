using System.Buffers.Binary;
using System.IO.Pipelines;
using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport.Tests.Scheduling;

/// <summary>One stream over several connections, some slow, some broken, some with a hostile peer.</summary>
public sealed class StripedStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public async Task Bytes_come_in_order_over_any_number_of_connections(int lanes)
    {
        var (here, there) = Connect(lanes);
        await using var sender = new StripedStream(here);
        await using var receiver = new StripedStream(there);
        var bytes = TestFolder.Noise(3_000_000, lanes);
        var sending = WriteInPiecesAsync(sender, bytes);
        var back = new byte[bytes.Length];
        await receiver.ReadExactlyAsync(back);
        await sending;
        Assert.True(back.AsSpan().SequenceEqual(bytes));
        Assert.True(receiver.FirstBlock.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Both_directions_at_once()
    {
        var (here, there) = Connect(4);
        await using var one = new StripedStream(here);
        await using var other = new StripedStream(there);
        var bytes = TestFolder.Noise(1_000_000, 9);
        var writing = Task.WhenAll(one.WriteAsync(bytes).AsTask(), other.WriteAsync(bytes).AsTask());
        var a = new byte[bytes.Length];
        var b = new byte[bytes.Length];
        await Task.WhenAll(one.ReadExactlyAsync(a).AsTask(), other.ReadExactlyAsync(b).AsTask(), writing);
        Assert.True(a.AsSpan().SequenceEqual(bytes) && b.AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_connection_that_takes_nothing_is_given_a_block_and_no_more()
    {
        var (here, there) = Connect(2);
        var stuck = new StuckStream();
        await using var sender = new StripedStream([here[0], stuck]);
        var bytes = TestFolder.Noise(2_000_000, 3);
        var sending = sender.WriteAsync(bytes).AsTask();
        // Nothing is read until it has its block: the other connection's pipe holds a few blocks only, so one is left for it, however late it runs.
        await stuck.Reached;
        var read = 0L;
        var buffer = new byte[65_536];
        // All but the block that is stuck, and those that are waiting in the stream, come over the other connection.
        while (read < bytes.Length - (6 * StripedStream.BlockBytes)) read += await there[0].ReadAsync(buffer);
        Assert.Equal(1, stuck.Writes);
        stuck.Release();
        // Which connection takes what is left is open: the other may have nothing more to read when the last block leaves.
        using var written = new CancellationTokenSource();
        var reading = DrainAsync(there[0], written.Token);
        await sending;
        await written.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task A_connection_that_breaks_ends_the_stream_with_a_reason()
    {
        var (here, there) = Connect(3);
        await using var sender = new StripedStream(here);
        await using var receiver = new StripedStream(there);
        await sender.WriteAsync(new byte[10]);
        await receiver.ReadExactlyAsync(new byte[10]);
        sender.Fail("the test says so");
        var error = await Assert.ThrowsAsync<IOException>(() => sender.ReadAsync(new byte[1]).AsTask());
        Assert.Contains("the test says so", error.Message);
        await Assert.ThrowsAsync<IOException>(() => sender.WriteAsync(new byte[1]).AsTask());
    }

    [Fact]
    public async Task The_end_of_all_connections_is_the_end_of_the_stream()
    {
        var (here, there) = Connect(2);
        await using var receiver = new StripedStream(there);
        var sender = new StripedStream(here);
        await sender.WriteAsync(new byte[100]);
        await sender.DisposeAsync();
        await receiver.ReadExactlyAsync(new byte[100]);
        Assert.Equal(0, await receiver.ReadAsync(new byte[1]));
    }

    [Theory]
    [InlineData(0L, 0)]
    [InlineData(0L, -1)]
    [InlineData(0L, StripedStream.BlockBytes + 1)]
    [InlineData(-1L, 10)]
    public async Task A_peer_that_lies_about_a_block_is_let_go(long number, int length)
    {
        var (here, there) = Connect(1);
        await using var receiver = new StripedStream(there);
        var block = new byte[12 + 64];
        BinaryPrimitives.WriteInt64BigEndian(block, number);
        BinaryPrimitives.WriteInt32BigEndian(block.AsSpan(8), length);
        await here[0].WriteAsync(block);
        await Assert.ThrowsAsync<IOException>(() => receiver.ReadAsync(new byte[100]).AsTask());
    }

    [Fact]
    public async Task A_block_that_comes_twice_is_refused()
    {
        var (here, there) = Connect(2);
        await using var receiver = new StripedStream(there);
        var block = new byte[12 + 4];
        BinaryPrimitives.WriteInt64BigEndian(block, 5);
        BinaryPrimitives.WriteInt32BigEndian(block.AsSpan(8), 4);
        await here[0].WriteAsync(block);
        await here[1].WriteAsync(block);
        await Assert.ThrowsAsync<IOException>(() => receiver.ReadAsync(new byte[4]).AsTask());
    }

    [Fact]
    public async Task A_peer_that_never_sends_what_is_missing_fills_no_memory()
    {
        var (here, there) = Connect(1);
        await using var receiver = new StripedStream(there);
        var block = new byte[12 + 4];
        BinaryPrimitives.WriteInt32BigEndian(block.AsSpan(8), 4);
        using var limit = new CancellationTokenSource();
        var sent = 0;
        var writing = Task.Run(async () =>
        {
            // Block 0 never comes. Beyond the window nothing more is read: the pipe fills, and writing waits.
            for (var number = 1L; ; number++, Interlocked.Increment(ref sent))
            {
                BinaryPrimitives.WriteInt64BigEndian(block, number);
                await here[0].WriteAsync(block, limit.Token);
            }
        });
        for (var i = 0; i < 12_000 && Volatile.Read(ref sent) < StripedStream.Window - 1 && !writing.IsCompleted; i++) await Task.Delay(5);
        await Task.WhenAny(writing, Task.Delay(500)); // and then no further
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Assert.InRange(sent, StripedStream.Window - 1, StripedStream.Window + (PipeBytes / block.Length) + 2);
    }

    private const int PipeBytes = 65_536;

    private static async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[65_536];
        while (true) _ = await stream.ReadAsync(buffer, cancellationToken);
    }

    private static async Task WriteInPiecesAsync(StripedStream stream, byte[] bytes)
    {
        var random = new Random(1);
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(bytes.Length - at, random.Next(1, 100_000));
            await stream.WriteAsync(bytes.AsMemory(at, count));
            at += count;
        }
    }

    private static (List<Stream> Here, List<Stream> There) Connect(int lanes)
    {
        var here = new List<Stream>();
        var there = new List<Stream>();
        for (var i = 0; i < lanes; i++)
        {
            var options = new PipeOptions(pauseWriterThreshold: PipeBytes, resumeWriterThreshold: PipeBytes / 2);
            var (a, b) = (new Pipe(options), new Pipe(options));
            here.Add(new PipedStream(a.Reader.AsStream(), b.Writer.AsStream()));
            there.Add(new PipedStream(b.Reader.AsStream(), a.Writer.AsStream()));
        }

        return (here, there);
    }

    private sealed class StuckStream : Stream
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Writes { get; private set; }

        /// <summary>Completes with the first write.</summary>
        public Task Reached => _reached.Task;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Release() => _released.TrySetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            _reached.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class PipedStream(Stream reading, Stream writing) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => reading.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await writing.WriteAsync(buffer, cancellationToken);
            await writing.FlushAsync(cancellationToken);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                reading.Dispose();
                writing.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
