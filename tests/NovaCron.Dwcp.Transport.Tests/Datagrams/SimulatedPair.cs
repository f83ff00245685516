using System.Net;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

/// <summary>A client and a server over a simulated link in virtual time: delay, rate, loss, duplicates, reordering and corruption from a seed.</summary>
internal sealed class SimulatedPair : IDisposable
{
    public static readonly IPEndPoint ClientAddress = new(IPAddress.Loopback, 40_000);
    public static readonly IPEndPoint ServerAddress = new(IPAddress.Loopback, 7420);

    private readonly PriorityQueue<(bool ToClient, byte[] Bytes, IPEndPoint From), (long, long)> _wire = new();
    private readonly Random _random;
    private readonly byte[] _buffer = new byte[9000];
    private readonly Dictionary<bool, long> _busyUntil = new() { [true] = 0, [false] = 0 };
    private long _order;

    public SimulatedPair(int seed, DatagramConnectionOptions? options = null, bool validated = true)
    {
        _random = new Random(seed);
        options ??= new DatagramConnectionOptions();
        var secret = Secret = new byte[32];
        _random.NextBytes(secret);
        Client = new DatagramConnection(true, 1, 2, secret, ServerAddress, true, Controller, options, 0, _ => { });
        Server = new DatagramConnection(false, 2, 1, secret, ClientAddress, validated, new AcpController(1452), options, 0, _ => { });
        FromClient = ClientAddress;
    }

    /// <summary>The client's.</summary>
    public AcpController Controller { get; } = new(1452);

    public DatagramConnection Client { get; }

    public DatagramConnection Server { get; }

    public long Now { get; private set; }

    public long Delay { get; set; } = 5_000_000;

    public double Rate { get; set; } = 12.5e6;

    public double Loss { get; set; }

    public double Duplicate { get; set; }

    public double Reorder { get; set; }

    public double Corrupt { get; set; }

    /// <summary>How late the client's sender wakes once in every <see cref="StallEvery"/>: a busy machine.</summary>
    public long Stall { get; set; }

    public long StallEvery { get; set; } = 40_000_000;

    public bool Blackout { get; set; }

    public bool BlackoutToClient { get; set; }

    public int LargestDatagram { get; set; } = 1500;

    /// <summary>The address that the client seems to have: changed, it is a NAT that rebinds.</summary>
    public IPEndPoint FromClient { get; set; }

    public long Datagrams { get; private set; }

    /// <summary>Sees every datagram that an end sends: whether to the client, and its bytes.</summary>
    public Action<bool, byte[]>? Observe { get; set; }

    /// <summary>What both ends derived inside TLS: with it a test can be a peer that is authenticated and hostile.</summary>
    public byte[] Secret { get; }

    /// <summary>Runs virtual time until a condition holds; the condition is also where the test's application reads and writes.</summary>
    /// <returns>Whether it held before the limit.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Now + (long)limit.TotalNanoseconds;
        while (Now < end)
        {
            if (condition()) return true;
            var stalled = Now % StallEvery < Stall;
            if (!stalled) Pump(Client, false);
            Pump(Server, true);
            var next = Math.Min(stalled ? Now - (Now % StallEvery) + Stall : Client.NextTimer(Now), Server.NextTimer(Now));
            if (_wire.TryPeek(out _, out var due)) next = Math.Min(next, due.Item1);
            Now = Math.Min(end, Math.Max(next, Now + 1000));
            while (_wire.TryPeek(out var item, out var at) && at.Item1 <= Now)
            {
                _wire.Dequeue();
                Deliver(item.ToClient, item.Bytes, item.From);
            }

            Client.OnTimer(Now);
            Server.OnTimer(Now);
        }

        return condition();
    }

    /// <summary>Hands a datagram to an end as if it came from the wire.</summary>
    public void Deliver(bool toClient, byte[] bytes, IPEndPoint from)
    {
        if (!PacketHeader.TryRead(bytes, out var header)) return;
        var target = toClient ? Client : Server;
        if (header.ConnectionId == target.LocalId) target.Receive(bytes, header, from, Now);
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private void Pump(DatagramConnection from, bool toClient)
    {
        while (true)
        {
            var size = from.Build(_buffer, Now, out var segment, out _);
            if (size == 0) return;
            for (var at = 0; at < size; at += segment) Send(_buffer.AsSpan(at, Math.Min(segment, size - at)).ToArray(), toClient);
        }
    }

    private void Send(byte[] datagram, bool toClient)
    {
        Datagrams++;
        Observe?.Invoke(toClient, datagram);
        var leaves = Math.Max(Now, _busyUntil[toClient]) + (long)(datagram.Length * 1e9 / Rate);
        if (leaves - Now > 200_000_000) return;
        _busyUntil[toClient] = leaves;
        if (Blackout || (BlackoutToClient && toClient) || datagram.Length > LargestDatagram || _random.NextDouble() < Loss) return;
        if (_random.NextDouble() < Corrupt) datagram[_random.Next(datagram.Length)] ^= (byte)(1 << _random.Next(8));
        var arrives = leaves + Delay;
        if (_random.NextDouble() < Reorder) arrives += _random.NextInt64(Delay);
        var source = toClient ? ServerAddress : FromClient;
        _wire.Enqueue((toClient, datagram, source), (arrives, _order++));
        if (_random.NextDouble() < Duplicate) _wire.Enqueue((toClient, (byte[])datagram.Clone(), source), (arrives + 1_000_000, _order++));
    }
}
