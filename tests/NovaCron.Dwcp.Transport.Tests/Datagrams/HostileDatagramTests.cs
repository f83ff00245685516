using System.Net;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

/// <summary>What an attacker on the path, beside the path, or behind a stolen session can do to an end.</summary>
public class HostileDatagramTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly IPEndPoint Elsewhere = new(IPAddress.Parse("192.0.2.66"), 666);

    [Fact]
    public void A_replayed_datagram_changes_nothing_wherever_it_comes_from()
    {
        using var pair = new SimulatedPair(11);
        var seen = new List<byte[]>();
        pair.Observe = (toClient, datagram) =>
        {
            if (!toClient) seen.Add((byte[])datagram.Clone());
        };
        var transfer = new SimulatedTransfer(pair, 1_000_000, seed: 11);
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        // What was sent last arrives, too: replayed before, it would be new.
        pair.RunUntil(() => false, TimeSpan.FromSeconds(1));
        var before = pair.Server.Replayed;
        foreach (var datagram in seen) pair.Deliver(false, (byte[])datagram.Clone(), Elsewhere);
        Assert.Equal(before + seen.Count, pair.Server.Replayed);
        Assert.Equal(SimulatedPair.ClientAddress, pair.Server.State.Remote);
        Assert.Equal(transfer.Data, transfer.Received);
    }

    [Fact]
    public void A_datagram_forwarded_from_elsewhere_moves_nothing_for_longer_than_the_true_peer_is_silent()
    {
        using var pair = new SimulatedPair(12);
        byte[]? caught = null;
        var datagrams = 0;
        pair.Observe = (toClient, datagram) =>
        {
            // The attacker is faster than the path: its copy arrives first.
            if (!toClient && ++datagrams == 200) caught = (byte[])datagram.Clone();
        };
        var transfer = new SimulatedTransfer(pair, 2_000_000, seed: 12);
        pair.RunUntil(() => transfer.Step() || caught is not null, Limit);
        pair.Deliver(false, caught!, Elsewhere);
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.Equal(transfer.Data, transfer.Received);
        Assert.Equal(SimulatedPair.ClientAddress, pair.Server.State.Remote);
        Assert.True(pair.Server.State.Validated);
    }

    [Fact]
    public void An_address_that_proved_nothing_gets_at_most_three_times_what_it_sent()
    {
        using var pair = new SimulatedPair(13, validated: false);
        var fromServer = 0L;
        var fromClient = 0L;
        // The server's answers do not arrive: the address never proves itself, and the server has megabytes to send.
        pair.Observe = (toClient, datagram) =>
        {
            if (toClient) fromServer += datagram.Length;
            else fromClient += datagram.Length;
            Assert.True(fromServer <= 3 * fromClient, $"{fromServer} bytes answered {fromClient}");
        };
        pair.BlackoutToClient = true;
        pair.Server.TryOpenStream(StreamPriority.Bulk, 1, out _)!.TryWrite(new byte[4_000_000], out _);
        pair.Client.Greet();
        pair.RunUntil(() => false, TimeSpan.FromSeconds(20));
        Assert.InRange(fromServer, 1200, 3 * fromClient);
        Assert.False(pair.Server.State.Validated);
    }

    [Fact]
    public void A_greeting_proves_both_ways_and_the_address()
    {
        using var pair = new SimulatedPair(14, validated: false);
        pair.Client.Greet();
        Assert.True(pair.RunUntil(() => pair.Client.State.MinimumRtt > 0 && pair.Server.State.Validated, TimeSpan.FromSeconds(5)));
        Assert.True(pair.Client.WaitForPeerAsync().IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Keys_change_while_data_flows_and_old_ones_open_what_was_late(bool chaCha)
    {
        if (chaCha && !System.Security.Cryptography.ChaCha20Poly1305.IsSupported) Assert.Skip("This system has no ChaCha20-Poly1305.");
        using var pair = new SimulatedPair(15, new DatagramConnectionOptions { PacketsPerEpoch = 100, UseChaCha = chaCha }) { Loss = 0.02, Reorder = 0.2 };
        var epochs = new HashSet<byte>();
        pair.Observe = (_, datagram) => epochs.Add(datagram[9]);
        var transfer = new SimulatedTransfer(pair, 3_000_000, seed: 15);
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.Equal(transfer.Data, transfer.Received);
        Assert.True(epochs.Count > 15, $"{epochs.Count} epochs");
    }

    [Fact]
    public void No_packet_number_is_sealed_twice_even_when_bytes_are_sent_again()
    {
        using var pair = new SimulatedPair(16) { Loss = 0.05 };
        var numbers = new HashSet<(bool, long)>();
        pair.Observe = (toClient, datagram) =>
        {
            Assert.True(PacketHeader.TryRead(datagram, out var header));
            Assert.True(numbers.Add((toClient, header.Number)), $"number {header.Number} was used twice");
        };
        var transfer = new SimulatedTransfer(pair, 2_000_000, seed: 16);
        Assert.True(pair.RunUntil(transfer.Step, Limit));
        Assert.True(pair.Client.State.Lost > 0);
    }

    // Both ends, in turn: real datagrams of the running transfer with bits, lengths and headers changed, from true and false addresses.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Mutated_datagrams_of_the_running_transfer_never_reach_the_application(int seed)
    {
        using var pair = new SimulatedPair(100 + seed) { Loss = 0.01 };
        var random = new Random(seed);
        var mutants = new Queue<(bool ToClient, byte[] Bytes)>();
        pair.Observe = (toClient, datagram) =>
        {
            if (mutants.Count < 50) mutants.Enqueue((toClient, Mutate(random, datagram)));
        };
        var transfer = new SimulatedTransfer(pair, 1_500_000, seed);
        var delivered = 0;
        var done = pair.RunUntil(
            () =>
            {
                while (mutants.TryDequeue(out var mutant))
                {
                    delivered++;
                    pair.Deliver(mutant.ToClient, mutant.Bytes, random.Next(2) == 0 ? Elsewhere : mutant.ToClient ? SimulatedPair.ServerAddress : SimulatedPair.ClientAddress);
                }

                return transfer.Step();
            },
            Limit);
        Assert.True(done, $"seed {seed}: the transfer did not end");
        Assert.Equal(transfer.Data, transfer.Received);
        Assert.Null(pair.Server.Closed);
        Assert.True(delivered > 1000);
        Assert.True(pair.Server.Unauthenticated > 100);
        Assert.Equal(SimulatedPair.ClientAddress, pair.Server.State.Remote);
    }

    // A peer that holds the keys and sends any frames it likes: the connection goes on or is closed with a reason, and nothing else happens.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_authenticated_peer_that_sends_nonsense_is_let_go_with_a_reason(bool toClient)
    {
        var closed = 0;
        for (var round = 0; round < 400; round++)
        {
            var random = new Random(round);
            using var pair = new SimulatedPair(round);
            using var sealing = new PacketProtection(pair.Secret, toClient ? "server 0" : "client 0");
            var target = toClient ? pair.Client : pair.Server;
            for (var number = 0; number < 40 && target.Closed is null; number++)
            {
                var payload = Frames(random);
                var datagram = new byte[PacketHeader.Size + payload.Length + PacketProtection.TagSize];
                new PacketHeader(target.LocalId, 0, 0, number).Write(datagram);
                payload.CopyTo(datagram.AsSpan(PacketHeader.Size));
                sealing.Seal(datagram, number);
                pair.Deliver(toClient, datagram, toClient ? SimulatedPair.ServerAddress : SimulatedPair.ClientAddress);
                pair.RunUntil(() => false, TimeSpan.FromMilliseconds(1));
            }

            if (target.Closed is not { } reason) continue;
            closed++;
            Assert.False(string.IsNullOrWhiteSpace(reason.Message), $"round {round}");
        }

        Assert.True(closed > 100, $"{closed} of 400 were closed");
    }

    private static byte[] Mutate(Random random, byte[] datagram)
    {
        var mutant = (byte[])datagram.Clone();
        switch (random.Next(5))
        {
            case 0:
                mutant[random.Next(mutant.Length)] ^= (byte)(1 << random.Next(8));
                return mutant;
            case 1:
                return mutant[..random.Next(mutant.Length)];
            case 2:
                return [.. mutant, .. new byte[random.Next(1, 100)]];
            case 3:
                // Another number or epoch under the same seal.
                mutant[random.Next(9, PacketHeader.Size)] ^= (byte)random.Next(1, 256);
                return mutant;
            default:
                random.NextBytes(mutant.AsSpan(PacketHeader.Size));
                return mutant;
        }
    }

    private static byte[] Frames(Random random)
    {
        if (random.Next(4) == 0)
        {
            var noise = new byte[random.Next(1, 1200)];
            random.NextBytes(noise);
            return noise;
        }

        var bytes = new byte[1200];
        var writer = new FrameWriter(bytes);
        for (var i = random.Next(1, 5); i > 0 && writer.Remaining > 200; i--)
        {
            FrameKind[] kinds = Enum.GetValues<FrameKind>();
            var kind = kinds[random.Next(kinds.Length)];
            if (kind == FrameKind.Close && random.Next(4) != 0) kind = FrameKind.Stream;
            writer.Kind(kind);
            for (var n = random.Next(6); n > 0; n--) writer.Integer(Number(random));
            var tail = new byte[random.Next(0, 60)];
            random.NextBytes(tail);
            writer.Bytes(tail);
        }

        return bytes[..writer.Written];
    }

    private static long Number(Random random) => random.Next(4) switch
    {
        0 => random.Next(4),
        1 => random.Next(64),
        2 => random.NextInt64(1L << 30),
        _ => random.NextInt64(PacketHeader.MaximumNumber),
    };
}
