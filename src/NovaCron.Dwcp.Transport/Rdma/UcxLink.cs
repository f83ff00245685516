using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>
/// UCX for one bulk stream: a context, a worker, memory, one peer. The receiver's memory is made for this stream and given back with it, so no key outlives its session. Used by one
/// thread at a time.
/// </summary>
internal sealed class UcxLink : IDisposable
{
    // A sender's own buffers: one extent is read while the one before is on its way.
    private const int SendSlots = 2;

    /// <summary>Pieces of a sender whose payload travels as messages: one is read and hashed while the one before is sent, and both stay in the second-level cache.</summary>
    public const int MessageSlots = 2;

    /// <summary>Number of the messages that carry payload.</summary>
    public const uint Payload = 2;

    private const uint Greeting = 1;
    private const int GreetingBytes = 8;

    private UcxEndpoint? _endpoint;
    private nint _key;
    private nint _greeting;
    private bool _greeted;
    private bool _disposed;

    private UcxLink(UcxContext context, UcxWorker worker, UcxRegion region)
    {
        Context = context;
        Worker = worker;
        Region = region;
        worker.OnMessage(Greeting, _ => _greeted = true);
    }

    public UcxContext Context { get; }

    public UcxWorker Worker { get; }

    /// <summary>A receiver's bounce buffers, one for each credit, or a sender's own.</summary>
    public UcxRegion Region { get; }

    /// <exception cref="UcxException">The connection broke. A receiver in shared memory has none: its session tells it that the peer is gone.</exception>
    public void ThrowIfBroken() => _endpoint?.ThrowIfBroken();

    public UcxEndpoint Endpoint => _endpoint ?? throw new InvalidOperationException("The link has no peer yet.");

    /// <summary>The key of the peer's region.</summary>
    public nint PeerKey => _key;

    public ulong PeerAddress { get; private set; }

    /// <summary>The peer's region where it is in this process, too: in shared memory. Else null.</summary>
    public unsafe byte* PeerPointer { get; private set; }

    public int Slots => (int)(Region.Length / BulkLimits.ExtentBytes);

    /// <exception cref="DwcpTransferException">UCX is not installed, or does not give what is needed.</exception>
    /// <param name="receives">True for the receiver of a stream.</param>
    /// <param name="transports">UCX_TLS.</param>
    /// <param name="messages">True when payload travels as messages: then nobody writes to the receiver's memory, and there is none.</param>
    public static UcxLink Open(bool receives, string? transports, bool messages = false)
    {
        UcxContext? context = null;
        UcxWorker? worker = null;
        try
        {
            context = new UcxContext(UcxLibrary.Require(), transports, letsIn: receives && !messages);
            worker = context.CreateWorker();
            return new UcxLink(context, worker, context.Map(RegisteredBytes(receives, messages)));
        }
        catch (Exception e)
        {
            worker?.Dispose();
            context?.Dispose();
            // Whatever the library's code: what cannot be made here will not be there in the next attempt either.
            if (e is UcxException) throw new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, e.Message, e);
            throw;
        }
    }

    /// <summary>Bytes that a side registers.</summary>
    public static long RegisteredBytes(bool receives, bool messages) => (receives, messages) switch
    {
        (true, false) => (long)BulkLimits.Credits * BulkLimits.ExtentBytes,
        (false, false) => (long)SendSlots * BulkLimits.ExtentBytes,
        (true, true) => Environment.SystemPageSize,
        (false, true) => (long)MessageSlots * BulkLimits.PieceBytes,
    };

    /// <summary>What a sender must know of a receiver's buffers; travels inside the session only.</summary>
    public byte[] DescribeRegion()
    {
        var key = Region.PackKey();
        var bytes = new byte[8 + key.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Region.Address);
        key.CopyTo(bytes, 8);
        return bytes;
    }

    public int Listen(IPAddress local, int port, IPAddress expected) => Worker.Listen(new IPEndPoint(local, port), expected);

    /// <exception cref="DwcpTransferException">Nobody came in time.</exception>
    public void Accept(TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while ((_endpoint = Worker.TryAccept()) is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(start) > limit)
                throw new DwcpTransferException(DwcpErrorCode.TimedOut, DwcpFault.Client, $"Nobody opened the UCX connection within {limit.TotalSeconds:0} s. Check that the port is reachable from the client.");
            Worker.Wait();
        }

        Greet();
    }

    public void Connect(IPEndPoint peer)
    {
        _endpoint = Worker.Connect(peer);
        Greet();
    }

    /// <summary>A sender on the receiver's machine: connects to its worker.</summary>
    public void Connect(ReadOnlySpan<byte> workerAddress)
    {
        _endpoint = Worker.Connect(workerAddress);
        _greeting = Endpoint.Flush();
        _greeted = true; // the flush ends when the wire-up does, with the receiver's help
    }

    /// <summary>A sender's last step: waits until both sides agreed on transports, and makes the receiver's buffers reachable for puts. The receiver must make progress meanwhile.</summary>
    public void UsePeerRegion(ReadOnlySpan<byte> description, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (description.Length <= 8) throw new DwcpProtocolException("The peer described no memory to write to.");
        Settle(Stopwatch.GetTimestamp(), limit, cancellationToken);
        PeerAddress = BinaryPrimitives.ReadUInt64LittleEndian(description);
        _key = Endpoint.UnpackKey(description[8..]);
        unsafe
        {
            PeerPointer = Endpoint.PointerTo(PeerAddress, _key);
        }
    }

    /// <summary>Whoever connected and writes to nobody's memory: waits until the peer took the connection.</summary>
    public void WaitForGreeting(TimeSpan limit, CancellationToken cancellationToken) => Settle(Stopwatch.GetTimestamp(), limit, cancellationToken);

    /// <summary>Gives everything back; twice is once.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Worker.Abandon(_greeting);
        _greeting = 0;
        if (_key != 0) _endpoint!.DestroyKey(_key);
        _key = 0;
        _endpoint?.Dispose();
        Region.Dispose();
        Worker.Dispose();
        Context.Dispose();
    }

    // Both sides say hello: whoever hears it knows that the other took the connection and that both agreed on transports. Before, no key can be used.
    private void Greet() => _greeting = Endpoint.Send(Greeting, Region, 0, GreetingBytes);

    private void Settle(long start, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (!_greeted || !IsGreetingSent())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Endpoint.ThrowIfBroken();
            if (Stopwatch.GetElapsedTime(start) > limit) throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"UCX did not connect within {limit.TotalSeconds:0} s.");
            Worker.Wait();
        }
    }

    private bool IsGreetingSent()
    {
        if (_greeting == 0) return true;
        if (!Worker.IsDone(_greeting, "greet the peer")) return false;
        _greeting = 0;
        return true;
    }
}
