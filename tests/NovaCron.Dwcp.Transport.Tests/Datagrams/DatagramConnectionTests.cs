using System.Net;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

public class DatagramConnectionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0.01, 0, 0, 0)]
    [InlineData(0.1, 0.05, 0.1, 0.02)]
    public void Bytes_arrive_once_and_in_order_whatever_the_path_does(double loss, double duplicate, double reorder, double corrupt)
    {
        using var pair = new SimulatedPair(1) { Loss = loss, Duplicate = duplicate, Reorder = reorder, Corrupt = corrupt };
        var transfer = new SimulatedTransfer(pair, 5_000_000, seed: 1);
        Assert.True(pair.RunUntil(transfer.Step, Limit), "the transfer did not end");
        Assert.Equal(transfer.Data, transfer.Received);
        if (corrupt > 0) Assert.True(pair.Server.Unauthenticated > 0);
        if (duplicate > 0) Assert.True(pair.Server.Replayed > 0);
    }

    // A sender that the window holds up does not lack data: were its rounds counted as such, the start would never end, and the path be flooded.
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.01)]
    public void The_start_ends_where_the_path_is_full(double loss)
    {
        using var pair = new SimulatedPair(5) { Delay = 50_000_000, Loss = loss };
        var transfer = new SimulatedTransfer(pair, 40_000_000, seed: 5);
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.NotEqual("Startup", pair.Controller.State);
        var again = (double)pair.Client.State.Lost / pair.Client.State.SentBytes;
        Assert.True(again - loss < 0.05, $"{again:P1} was sent again");
    }

    // 8 ms late, every 40 ms: without making up for it a tenth of what is paced would never leave.
    [Fact]
    public void A_sender_that_wakes_late_keeps_its_rate()
    {
        const double rate = 5e6;
        using var pair = new SimulatedPair(7, new DatagramConnectionOptions { MaximumRate = rate }) { Delay = 25_000_000, Stall = 8_000_000 };
        var transfer = new SimulatedTransfer(pair, 40_000_000, seed: 7);
        pair.RunUntil(() => transfer.Step(), TimeSpan.FromSeconds(2));
        var (from, sent) = (pair.Now, pair.Client.State.SentBytes);
        pair.RunUntil(() => transfer.Step(), TimeSpan.FromSeconds(3));
        Assert.InRange((pair.Client.State.SentBytes - sent) * 1e9 / (pair.Now - from), 0.97 * rate, 1.02 * rate);
    }

    // A greeting and a request go before the data: the little that they deliver in a round trip must not be taken for the path's rate.
    [Fact]
    public void The_initial_window_outlives_the_handshake()
    {
        using var pair = new SimulatedPair(6) { Delay = 50_000_000 };
        var window = pair.Controller.CongestionWindow;
        pair.Client.Greet();
        pair.RunUntil(() => false, TimeSpan.FromSeconds(0.5));
        var request = pair.Client.TryOpenStream(StreamPriority.Bulk, 1, out _)!;
        request.TryWrite(new byte[52], out _);
        pair.RunUntil(() => false, TimeSpan.FromSeconds(0.5));
        Assert.True(pair.Client.State.MinimumRtt > 0);
        Assert.Equal(window, pair.Controller.CongestionWindow);
        var before = pair.Client.State.SentBytes;
        request.TryWrite(new byte[100_000], out _);
        pair.RunUntil(() => false, TimeSpan.FromSeconds(0.02));
        Assert.InRange(pair.Client.State.SentBytes - before, window - pair.Client.State.Datagram, window + pair.Client.State.Datagram);
    }

    // On a far path a reader is woken for many full datagrams together; the short one that ends a message must not wait for more.
    [Fact]
    public void A_reader_is_woken_when_a_message_is_whole()
    {
        using var pair = new SimulatedPair(7) { Delay = 50_000_000 };
        var stream = pair.Client.TryOpenStream(StreamPriority.Bulk, 1, out _)!;
        stream.TryWrite(new byte[52], out _);
        DatagramStream? there = null;
        Assert.True(pair.RunUntil(() => (there ??= pair.Server.TryAcceptStream(out _)) is { Receiving.Available: 52 }, Limit));
        there!.TryWrite(new byte[100], out _); // so that this end, too, knows how far the path is
        pair.RunUntil(() => false, TimeSpan.FromSeconds(0.5));
        Assert.True(pair.Server.State.MinimumRtt > 0);
        Assert.Equal(52, there.TryRead(new byte[100], out _));
        Assert.Equal(-1, there.TryRead(new byte[100], out var readable));
        stream.TryWrite(new byte[5000], out _);
        Assert.True(pair.RunUntil(() => there.Receiving.Available == 5000, Limit));
        Assert.True(readable.IsCompleted);
    }

    [Fact]
    public void A_blackout_of_thirty_seconds_is_survived()
    {
        using var pair = new SimulatedPair(2);
        var transfer = new SimulatedTransfer(pair, 4_000_000, seed: 2);
        pair.RunUntil(() => transfer.Step() || pair.Now > 100_000_000, Limit);
        pair.Blackout = true;
        pair.RunUntil(transfer.Step, TimeSpan.FromSeconds(30));
        pair.Blackout = false;
        var since = pair.Now;
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.Equal(transfer.Data, transfer.Received);
        Assert.True(pair.Now - since < 5_000_000_000, $"took {(pair.Now - since) / 1e9} s after the blackout");
    }

    [Fact]
    public void A_NAT_that_rebinds_is_followed_after_the_new_address_was_proved()
    {
        using var pair = new SimulatedPair(3);
        var transfer = new SimulatedTransfer(pair, 3_000_000, seed: 3);
        pair.RunUntil(() => transfer.Step() || pair.Now > 100_000_000, Limit);
        var moved = new IPEndPoint(SimulatedPair.ClientAddress.Address, 50_000);
        pair.FromClient = moved;
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.Equal(transfer.Data, transfer.Received);
        Assert.Equal(moved, pair.Server.State.Remote);
        Assert.True(pair.Server.State.Validated);
    }

    [Fact]
    public void An_address_that_proved_nothing_gets_nothing_before_it_sent_something()
    {
        using var pair = new SimulatedPair(4, validated: false);
        var stream = pair.Server.TryOpenStream(StreamPriority.Bulk, 1, out _)!;
        stream.TryWrite(new byte[100_000], out _);
        Assert.Equal(0, pair.Server.Build(new byte[2000], 0, out _, out _));
    }

    [Fact]
    public void The_datagram_grows_to_what_the_path_carries()
    {
        using var pair = new SimulatedPair(5) { LargestDatagram = 1460 };
        var transfer = new SimulatedTransfer(pair, 2_000_000, seed: 5);
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.Equal(1452, pair.Client.State.Datagram);
    }

    [Fact]
    public void Interactive_bytes_overtake_bulk()
    {
        using var pair = new SimulatedPair(6) { Rate = 1e6 };
        var bulk = new SimulatedTransfer(pair, 8_000_000, seed: 6);
        pair.RunUntil(() => bulk.Step() || pair.Now > 2_000_000_000, Limit);
        var quick = pair.Client.TryOpenStream(StreamPriority.Interactive, 1, out _)!;
        quick.TryWrite([42], out _);
        var asked = pair.Now;
        DatagramStream? accepted = null;
        var one = new byte[1];
        var reached = pair.RunUntil(
            () =>
            {
                bulk.Step();
                accepted ??= pair.Server.TryAcceptStream(out _);
                return accepted?.TryRead(one, out _) == 1;
            },
            Limit);
        Assert.True(reached);
        Assert.Equal(42, one[0]);
        Assert.True(pair.Now - asked < 200_000_000, $"took {(pair.Now - asked) / 1e6} ms");
        Assert.False(bulk.Step());
    }

    [Fact]
    public void Mutated_datagrams_neither_crash_an_end_nor_change_a_byte()
    {
        using var pair = new SimulatedPair(7);
        var random = new Random(7);
        var transfer = new SimulatedTransfer(pair, 500_000, seed: 7);
        for (var i = 0; i < 3000; i++)
        {
            var junk = new byte[random.Next(0, 1500)];
            random.NextBytes(junk);
            if (junk.Length > PacketHeader.Size)
            {
                new PacketHeader((ulong)random.Next(1, 3), (byte)random.Next(2), (byte)random.Next(2), random.NextInt64(1 << 20)).Write(junk);
            }

            pair.Deliver(random.Next(2) == 0, junk, new IPEndPoint(IPAddress.Loopback, random.Next(1, 60_000)));
            if (i % 10 == 0) pair.RunUntil(transfer.Step, TimeSpan.FromMilliseconds(0.1));
        }

        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.Equal(transfer.Data, transfer.Received);
        Assert.Null(pair.Server.Closed);
        Assert.Equal(SimulatedPair.ClientAddress, pair.Server.State.Remote);
        Assert.True(pair.Server.Unauthenticated > 0);
    }

    [Fact]
    public void A_reader_that_does_not_read_stops_the_writer_and_bounds_memory()
    {
        using var pair = new SimulatedPair(8, new DatagramConnectionOptions { StreamWindow = 1 << 20, ConnectionWindow = 4 << 20, SendBuffer = 1 << 20 });
        var stream = pair.Client.TryOpenStream(StreamPriority.Bulk, 1, out _)!;
        var written = 0;
        pair.RunUntil(
            () =>
            {
                written += stream.TryWrite(new byte[64 * 1024], out _);
                return false;
            },
            TimeSpan.FromSeconds(5));
        // The stream's window, and what may wait unsent: a tenth of a second of the rate, 512 KiB at least, the buffer at most.
        Assert.InRange(written, (1 << 20) + (512 << 10), 2 << 20);
        var reader = pair.Server.TryAcceptStream(out _)!;
        Assert.Equal(1 << 20, reader.Receiving.Available);
    }
}
