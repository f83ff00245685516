using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>Schedules streams of several priorities and weights, stripes bytes over connections, and sends an object through the real sender.</summary>
internal static class SchedulingSelfTest
{
    private const int Lanes = 3;

    public static ComponentSelfTest Run(CancellationToken ct) => SelfTest.Run(
        token =>
        {
            var shares = Schedule();
            StripeAsync(token).GetAwaiter().GetResult();
            var exchange = Exchange.ExchangeSelfTest.Run(token);
            SelfTest.Require(exchange.Passed, exchange.Detail);
            return $"{shares}; {Lanes} connections carried one stream in order; {exchange.Detail}";
        },
        ct);

    private static string Schedule()
    {
        const int piece = 1000;
        var scheduler = new StreamScheduler<Waiting>();
        var urgent = new Waiting(StreamPriority.Interactive, 1, 5 * piece);
        var one = new Waiting(StreamPriority.Bulk, 1, long.MaxValue);
        var three = new Waiting(StreamPriority.Bulk, 3, long.MaxValue);
        scheduler.Add(one);
        scheduler.Add(three);
        for (var i = 0; i < 10_000; i++)
        {
            if (i == 5000) scheduler.Add(urgent);
            var next = scheduler.Next(long.MaxValue)!;
            SelfTest.Require(i is < 5000 or >= 5005 || next == urgent, "Interactive bytes waited for bulk.");
            next.Take(piece);
            scheduler.OnSent(next, piece);
        }

        var ratio = (double)three.Sent / one.Sent;
        SelfTest.Require(urgent.Left == 0 && ratio is > 2.8 and < 3.2, $"Streams of weights 3 and 1 got bytes as {ratio:0.00} to 1.");
        return "interactive bytes went first, weights 3 and 1 shared as such";
    }

    private static async Task StripeAsync(CancellationToken ct)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(Lanes);
        var here = new List<Stream>();
        var there = new List<Stream>();
        for (var i = 0; i < Lanes; i++)
        {
            var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.LocalEndpoint, ct).ConfigureAwait(false);
            here.Add(new NetworkStream(client, ownsSocket: true));
            there.Add(new NetworkStream(await listener.AcceptSocketAsync(ct).ConfigureAwait(false), ownsSocket: true));
        }

        var sender = new StripedStream(here);
        await using var senderScope = sender.ConfigureAwait(false);
        var receiver = new StripedStream(there);
        await using var receiverScope = receiver.ConfigureAwait(false);
        var bytes = new byte[1 << 18];
        new Random(5).NextBytes(bytes);
        var sending = sender.WriteAsync(bytes, ct);
        var back = new byte[bytes.Length];
        await receiver.ReadExactlyAsync(back, ct).ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        SelfTest.Require(back.AsSpan().SequenceEqual(bytes), "Bytes striped over several connections came in another order.");
    }

    private sealed class Waiting(StreamPriority priority, int weight, long bytes) : IScheduledStream
    {
        public StreamPriority Priority => priority;

        public int Weight => weight;

        public bool Queued { get; set; }

        public int Deficit { get; set; }

        public long Left { get; private set; } = bytes;

        public long Sent { get; private set; }

        public bool HasWork(long credit) => Left > 0;

        public void Take(int count)
        {
            Left -= count;
            Sent += count;
        }
    }
}
