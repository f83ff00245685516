using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class FrameChannelTests
{
    private static readonly byte[] Large = new byte[100_000];

    [Fact]
    public async Task A_send_that_is_cancelled_is_sent_whole_and_the_next_frame_follows()
    {
        using var stop = new CancellationTokenSource();
        var (slow, channel, sending) = await BeginAsync(TimeSpan.FromMinutes(5), stop.Token);
        await using var scope = channel;
        await stop.CancelAsync();
        Assert.False(sending.IsCompleted);

        slow.Release();
        await sending;
        await channel.WriteAsync(FrameType.Error, 2, new byte[] { 7 }, default);
        await channel.FlushAsync(default);

        await using var reading = new FrameChannel(new MemoryStream(slow.Sent.ToArray())) { MaxFrameBytes = WireLimits.MaxFrame };
        using var first = await reading.ReadAsync(default);
        Assert.Equal((FrameType.Chunks, Large.Length), (first!.Type, first.Length));
        using var second = await reading.ReadAsync(default);
        Assert.Equal((FrameType.Error, 2), (second!.Type, second.Stream));
        Assert.Null(await reading.ReadAsync(default));
    }

    [Fact]
    public async Task A_send_that_outlives_its_grace_is_cut_and_the_channel_sends_nothing_more()
    {
        using var stop = new CancellationTokenSource();
        var (slow, channel, sending) = await BeginAsync(TimeSpan.FromMilliseconds(1), stop.Token);
        await using var scope = channel;
        await stop.CancelAsync();
        Assert.Equal(stop.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending)).CancellationToken);

        slow.Release();
        var refused = await Assert.ThrowsAsync<DwcpTransferException>(() => channel.WriteAsync(FrameType.Chunks, 2, Large, default).AsTask());
        Assert.Equal((DwcpErrorCode.ConnectionFailed, DwcpFault.Network), (refused.Code, refused.Fault));
        Assert.Equal(0, slow.Sent.Length);
    }

    [Fact]
    public async Task Waiting_for_a_turn_ends_at_once_when_cancelled()
    {
        var (slow, channel, sending) = await BeginAsync(TimeSpan.FromMinutes(5), default);
        await using var scope = channel;
        using var stop = new CancellationTokenSource();
        var waiting = channel.WriteAsync(FrameType.Chunks, 2, Large, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        slow.Release();
        await sending;
    }

    /// <summary>A channel in the middle of a send.</summary>
    private static async Task<(SlowStream Slow, FrameChannel Channel, Task Sending)> BeginAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var slow = new SlowStream();
        var channel = new FrameChannel(slow) { SendGrace = grace };
        var sending = channel.WriteAsync(FrameType.Chunks, 1, Large, cancellationToken).AsTask();
        await slow.Began.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        return (slow, channel, sending);
    }

    /// <summary>Writes wait until they are released, or their token ends.</summary>
    private sealed class SlowStream : MemoryStream
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public MemoryStream Sent { get; } = new();

        public Task Began => _began.Task;

        public void Release() => _released.TrySetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _began.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
            Sent.Write(buffer.Span);
        }
    }
}
