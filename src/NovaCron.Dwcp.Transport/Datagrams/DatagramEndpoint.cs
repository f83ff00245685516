using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// Drives <see cref="DatagramConnection"/>s over one UDP socket: a thread that receives and hands datagrams to the connection
/// that they name, and a thread that sends what connections have and keeps their timers. A datagram that names no
/// connection is dropped without an answer.
/// </summary>
public sealed class DatagramEndpoint : IDisposable
{
    // Milliseconds. Pacing works in steps of one (DatagramConnection.PacingQuantum).
    private const long LongestWait = 1000;
    private const int SendBatch = 61_440;

    // Nanoseconds. Where datagrams come faster than two in this time, from far away, those of such a time are received together: a wake-up for each costs more than the datagram, and
    // on a path of FarRtt this is a twentieth of what the network itself takes.
    private const long Gathering = 1_000_000;
    private const long GatheredAtLeast = 2;
    private const long FarRtt = 20_000_000;

    private static readonly long Origin = Stopwatch.GetTimestamp() - Stopwatch.Frequency;

    private readonly UdpBatchSocket _socket;
    private readonly ConcurrentDictionary<ulong, DatagramConnection> _connections = new();
    private readonly ConcurrentQueue<DatagramConnection> _awake = new();

    // Timers, touched by the sender only. A connection's entry is the earliest time that was ever due since it fired last: a timer
    // that moved later (every packet moves some) costs one idle look, and no second entry.
    private readonly PriorityQueue<DatagramConnection, long> _timers = new();
    private readonly Dictionary<DatagramConnection, long> _armed = [];

    // Without spinning: a sender that paces waits a thousand times a second.
    private readonly ManualResetEventSlim _work = new(false, 0);

    // When the sender looks again by itself; long.MinValue while it is awake. A wake-up costs more than a packet.
    private long _sleepingUntil = long.MinValue;

    // Connections that the receiver took something for just now; its own.
    private readonly HashSet<DatagramConnection> _touched = [];
    private readonly Thread _receiver;
    private readonly Thread _sender;
    private volatile bool _stopping;
    private long _strays;
    private int _disposed;

    /// <summary>Binds the socket and starts.</summary>
    /// <param name="local">Address and port; port 0 lets the system choose.</param>
    /// <param name="batch">False never uses batch system calls.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be bound.</exception>
    public DatagramEndpoint(IPEndPoint local, bool batch = true)
    {
        _socket = new UdpBatchSocket(local, batch);
        _receiver = new Thread(ReceiveLoop) { IsBackground = true, Name = "dwcp-udp-receive" };
        _sender = new Thread(SendLoop) { IsBackground = true, Name = "dwcp-udp-send" };
        _receiver.Start();
        _sender.Start();
    }

    /// <summary>The bound address.</summary>
    public IPEndPoint LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>Whether batch system calls are in use.</summary>
    public bool Batches => _socket.Segments;

    /// <summary>Datagrams that named no connection; dropped.</summary>
    public long Strays => Interlocked.Read(ref _strays);

    /// <summary>Why the socket failed, or null while it works: its connections end with that reason.</summary>
    public SocketException? Failure { get; private set; }

    /// <summary>The clock of every connection: nanoseconds of a monotonic counter, from the start of the process on.</summary>
    public static long Clock() => Stopwatch.GetElapsedTime(Origin).Ticks * 100;

    /// <summary>Takes charge of a connection: the caller made it with <see cref="Wake"/> as its wake-up.</summary>
    /// <exception cref="InvalidOperationException">Another connection has the same local id.</exception>
    public void Add(DatagramConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (!_connections.TryAdd(connection.LocalId, connection)) throw new InvalidOperationException("A connection with this id is served already.");
        if (_stopping) connection.Fail("The UDP endpoint is closed.");
        Wake(connection);
    }

    /// <summary>Asks the sender to look at a connection.</summary>
    public void Wake(DatagramConnection connection)
    {
        _awake.Enqueue(connection);
        _work.Set();
    }

    /// <summary>Closes every connection, tells their peers, and frees the port.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        foreach (var connection in _connections.Values) connection.Close(0, "The endpoint was closed.");
        _stopping = true;
        _work.Set();
        _sender.Join();
        _socket.StopReceiving();
        _receiver.Join();
        _socket.Dispose();
        _work.Dispose();
    }

    private void ReceiveLoop()
    {
        var before = Clock();
        try
        {
            while (!_stopping)
            {
                var count = _socket.Receive();
                if (count == 0) continue;
                var now = Clock();
                var datagrams = 0;
                for (var i = 0; i < count; i++)
                {
                    var received = _socket.Received(i, out var segment, out var from);
                    if (segment > 0) datagrams += Dispatch(received, segment, from, now);
                }

                var gathers = TouchAll(now) && count < _socket.ReceivedAtOnce && datagrams * Gathering >= GatheredAtLeast * (now - before);
                before = now;
                if (gathers) Thread.Sleep((int)(Gathering / 1_000_000));
            }
        }
        catch (SocketException error)
        {
            Fail(error);
        }
    }

    private int Dispatch(Span<byte> received, int segment, IPEndPoint from, long now)
    {
        // Runs of datagrams of one connection are handed over together: its lock is taken once for all of them.
        Span<PacketHeader> headers = stackalloc PacketHeader[UdpBatchSocket.MaximumSegments];
        DatagramConnection? connection = null;
        var (count, run, runAt) = (0, 0, 0);
        for (var at = 0; at < received.Length; at += segment)
        {
            count++;
            var isHeader = PacketHeader.TryRead(received.Slice(at, Math.Min(segment, received.Length - at)), out var header);
            if (run > 0 && (!isHeader || header.ConnectionId != connection!.LocalId || run == headers.Length))
            {
                Deliver(connection!, received[runAt..at], segment, headers[..run], from, now);
                run = 0;
            }

            if (!isHeader || (run == 0 && !_connections.TryGetValue(header.ConnectionId, out connection)))
            {
                Interlocked.Increment(ref _strays);
                continue;
            }

            if (run == 0) runAt = at;
            headers[run++] = header;
        }

        if (run > 0) Deliver(connection!, received[runAt..], segment, headers[..run], from, now);
        return count;
    }

    private void Deliver(DatagramConnection connection, Span<byte> datagrams, int segment, ReadOnlySpan<PacketHeader> headers, IPEndPoint from, long now)
    {
        connection.Receive(datagrams, segment, headers, from, now);
        _touched.Add(connection);
    }

    // Whether every connection that something came for is on a path so long that a gathering does not matter.
    private bool TouchAll(long now)
    {
        var far = _touched.Count > 0;
        foreach (var connection in _touched)
        {
            connection.WakeReaders(now);
            Touch(connection, now);
            far &= connection.MinimumRtt >= FarRtt;
        }

        _touched.Clear();
        return far;
    }

    // The sender is woken only when something is due before it looks by itself.
    private void Touch(DatagramConnection connection, long now)
    {
        _awake.Enqueue(connection);
        if (connection.IsDueBefore(Interlocked.Read(ref _sleepingUntil), now)) _work.Set();
    }

    private void SendLoop()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(SendBatch, pinned: true);
        var due = new HashSet<DatagramConnection>();
        try
        {
            while (true)
            {
                _work.Reset();
                while (_awake.TryDequeue(out var connection)) due.Add(connection);
                TakeExpired(due);
                foreach (var connection in due) Serve(connection, buffer);
                due.Clear();
                if (!_awake.IsEmpty) continue;
                if (_stopping) return;
                var clock = Clock();
                // To the nearest millisecond: what is a little late catches up, and waking early is for nothing.
                var wait = _timers.TryPeek(out _, out var next) ? Math.Clamp((next - clock + 500_000) / 1_000_000, 1, LongestWait) : LongestWait;
                Interlocked.Exchange(ref _sleepingUntil, clock + (wait * 1_000_000));
                if (_awake.IsEmpty) _work.Wait((int)wait);
                Interlocked.Exchange(ref _sleepingUntil, long.MinValue);
            }
        }
        catch (SocketException error)
        {
            Fail(error);
        }
    }

    private void TakeExpired(HashSet<DatagramConnection> due)
    {
        var now = Clock();
        while (_timers.TryPeek(out var connection, out var at) && at <= now)
        {
            _timers.Dequeue();
            if (!_armed.TryGetValue(connection, out var armed) || armed != at) continue;
            _armed.Remove(connection);
            due.Add(connection);
        }
    }

    private void Serve(DatagramConnection connection, byte[] buffer)
    {
        // One time for all that is due at it: what falls due while it is sent is the next batch's, or every system call would be followed by those for a datagram or two.
        var now = Clock();
        connection.OnTimer(now);
        while (connection.Build(buffer, now, out var segment, out var to) is var size and > 0)
        {
            _socket.Send(buffer.AsSpan(0, size), segment, to);
            if (size + segment > buffer.Length) now = Clock();
        }

        var next = connection.NextTimer(Clock());
        if (next == long.MaxValue)
        {
            _armed.Remove(connection);
            if (connection.Closed is not null) _connections.TryRemove(KeyValuePair.Create(connection.LocalId, connection));
            return;
        }

        if (_armed.TryGetValue(connection, out var armed) && armed <= next) return;
        _armed[connection] = next;
        _timers.Enqueue(connection, next);
    }

    // A socket that reports something else than loss (closed under us, out of memory) serves nobody any more.
    private void Fail(SocketException error)
    {
        Failure = error;
        _stopping = true;
        _work.Set();
        foreach (var connection in _connections.Values) connection.Fail($"The UDP socket at {LocalEndPoint} failed: {error.Message}");
        _connections.Clear();
    }
}
