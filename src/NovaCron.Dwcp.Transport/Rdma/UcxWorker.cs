using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Progress of one thread's communication. Everything but <see cref="Wake"/> belongs to that thread.</summary>
internal sealed unsafe class UcxWorker : IDisposable
{
    // Polled so long before the thread sleeps: about what a wake-up of the kernel costs.
    private static readonly long SpinTicks = Stopwatch.Frequency / 50_000;

    // A lost wake-up costs no more than this.
    private const int LongestSleepMilliseconds = 100;

    private readonly UcxContext _context;
    private readonly GCHandle _self;
    private readonly Queue<nint> _requests = new();
    private nint _worker;
    private int _wakeFd;
    private nint _listener;
    private IPAddress? _expected;
    private readonly List<GCHandle> _handlers = [];

    public UcxWorker(UcxContext context)
    {
        _context = context;
        // Made by one thread, connected by a second, used by a third, never by two at once: later libraries than 1.13 abort the process when that is not said.
        var parameters = new UcxNative.WorkerParams { Mask = 1, ThreadMode = 1 };
        nint worker;
        context.Check(context.Native.WorkerCreate(context.Handle, &parameters, &worker), "make a worker");
        int descriptor;
        context.Check(context.Native.WorkerGetEfd(worker, &descriptor), "give a descriptor to wait on");
        _worker = worker;
        _wakeFd = descriptor;
        _self = GCHandle.Alloc(this);
    }

    public UcxContext Context => _context;

    /// <returns>False when nothing happened.</returns>
    public bool Progress() => _context.Native.WorkerProgress(_worker) != 0;

    /// <summary>Makes progress, or polls briefly and then sleeps until something happens or <see cref="Wake"/> is called.</summary>
    public void Wait()
    {
        if (Progress()) return;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - start < SpinTicks)
        {
            if (Progress()) return;
        }

        var status = _context.Native.WorkerArm(_worker);
        if (status == UcxNative.Busy) return; // something came meanwhile
        _context.Check(status, "arm its worker");
        SystemCalls.ForInput(_wakeFd, LongestSleepMilliseconds);
    }

    /// <summary>Ends a <see cref="Wait"/>; from any thread.</summary>
    public void Wake()
    {
        if (_worker != 0) _context.Native.WorkerSignal(_worker);
    }

    /// <summary>Listens for one peer.</summary>
    /// <param name="local">Where; port 0 lets the system choose.</param>
    /// <param name="expected">The only address whose connection is taken.</param>
    /// <returns>The port.</returns>
    public int Listen(IPEndPoint local, IPAddress expected)
    {
        _expected = expected;
        var address = local.Serialize().Buffer.Span[..local.Serialize().Size];
        fixed (byte* bytes = address)
        {
            var parameters = new UcxNative.ListenerParams
            {
                Mask = 1 | 4,
                Address = bytes,
                AddressLength = (uint)address.Length,
                OnConnection = &OnConnection,
                Argument = (void*)GCHandle.ToIntPtr(_self),
            };
            nint listener;
            _context.Check(_context.Native.ListenerCreate(_worker, &parameters, &listener), $"listen at {local}");
            _listener = listener;
        }

        var attributes = new UcxNative.ListenerAttr { Mask = 1 };
        _context.Check(_context.Native.ListenerQuery(_listener, &attributes), "tell its port");
        return EndPointOf(attributes.Address).Port;
    }

    /// <summary>The connection of the expected peer once it is there, else null. The listener closes with it: there is one peer.</summary>
    public UcxEndpoint? TryAccept()
    {
        Progress();
        if (!_requests.TryDequeue(out var request)) return null;
        var parameters = new UcxNative.EndpointParams { Mask = 64, ConnectionRequest = request };
        var endpoint = new UcxEndpoint(this, parameters);
        while (_requests.TryDequeue(out var further)) _context.Native.ListenerReject(_listener, further);
        return endpoint;
    }

    public UcxEndpoint Connect(IPEndPoint peer)
    {
        var serialized = peer.Serialize();
        fixed (byte* bytes = serialized.Buffer.Span[..serialized.Size])
        {
            return new UcxEndpoint(this, new UcxNative.EndpointParams
            {
                Mask = 16 | 32,
                Flags = UcxNative.ClientServer,
                Address = bytes,
                AddressLength = (uint)serialized.Size,
            });
        }
    }

    /// <summary>Where peers on the same machine reach this worker without a listener.</summary>
    public byte[] Address()
    {
        byte* address;
        nuint length;
        _context.Check(_context.Native.WorkerGetAddress(_worker, &address, &length), "tell its address");
        try
        {
            return new ReadOnlySpan<byte>(address, checked((int)length)).ToArray();
        }
        finally
        {
            _context.Native.WorkerReleaseAddress(_worker, address);
        }
    }

    /// <summary>Connects to a worker by its address: the way into shared memory, which a connection by socket address never takes.</summary>
    public UcxEndpoint Connect(ReadOnlySpan<byte> workerAddress)
    {
        fixed (byte* bytes = workerAddress) return new UcxEndpoint(this, new UcxNative.EndpointParams { Mask = 1, WorkerAddress = bytes });
    }

    /// <summary>Hears of messages with this id (<see cref="UcxEndpoint.Send"/>); called from within progress, through C: the handler must not throw.</summary>
    public void OnMessage(uint id, UcxMessageHandler handler)
    {
        var handle = GCHandle.Alloc(handler);
        _handlers.Add(handle);
        var parameters = new UcxNative.AmHandlerParam { Mask = 1 | 4 | 8, Id = id, Callback = &OnActiveMessage, Argument = (void*)GCHandle.ToIntPtr(handle) };
        _context.Check(_context.Native.SetAmHandler(_worker, &parameters), "take messages");
    }

    /// <summary>Waits for a request's end.</summary>
    /// <exception cref="UcxException">It failed.</exception>
    public void Finish(nint request, string what)
    {
        while (!IsDone(request, what)) Wait();
    }

    /// <summary>True when a request ended well; it is freed then.</summary>
    /// <exception cref="UcxException">It failed; it is freed, too.</exception>
    public bool IsDone(nint request, string what)
    {
        if (!UcxNative.IsRequest(request))
        {
            _context.Check((int)request, what);
            return true;
        }

        var status = _context.Native.RequestCheckStatus(request);
        if (status == UcxNative.InProgress) return false;
        _context.Native.RequestFree(request);
        _context.Check(status, what);
        return true;
    }

    /// <summary>Frees a request whose end is of no interest any more; its memory must stay until the endpoint is closed.</summary>
    public void Abandon(nint request)
    {
        if (UcxNative.IsRequest(request)) _context.Native.RequestFree(request);
    }

    internal nint Handle => _worker;

    public void Dispose()
    {
        if (_worker == 0) return;
        if (_listener != 0)
        {
            while (_requests.TryDequeue(out var request)) _context.Native.ListenerReject(_listener, request);
            _context.Native.ListenerDestroy(_listener);
        }

        var worker = _worker;
        _worker = 0;
        _wakeFd = -1;
        _context.Native.WorkerDestroy(worker);
        _self.Free();
        foreach (var handler in _handlers) handler.Free();
    }

    internal static IPEndPoint EndPointOf(byte* address)
    {
        var family = *(ushort*)address == 10 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        var blank = family == AddressFamily.InterNetworkV6 ? new IPEndPoint(IPAddress.IPv6Any, 0) : new IPEndPoint(IPAddress.Any, 0);
        var serialized = blank.Serialize();
        new ReadOnlySpan<byte>(address, serialized.Size).CopyTo(serialized.Buffer.Span);
        return (IPEndPoint)blank.Create(serialized);
    }

    [UnmanagedCallersOnly]
    private static void OnConnection(nint request, void* argument)
    {
        var worker = (UcxWorker)GCHandle.FromIntPtr((nint)argument).Target!;
        var attributes = new UcxNative.ConnRequestAttr { Mask = 1 };
        var known = worker._context.Native.ConnRequestQuery(request, &attributes) == UcxNative.Ok
            && EndPointOf(attributes.Address).Address.Equals(worker._expected);
        if (known) worker._requests.Enqueue(request);
        else worker._context.Native.ListenerReject(worker._listener, request);
    }

    [UnmanagedCallersOnly]
    private static int OnActiveMessage(void* argument, void* header, nuint headerLength, void* data, nuint length, void* parameters)
    {
        // A peer that forces a rendezvous sends a description instead of data: nothing here takes it, and the library drops it.
        var byRendezvous = (*(ulong*)parameters & UcxNative.AmReceivedByRendezvous) != 0;
        if (!byRendezvous) ((UcxMessageHandler)GCHandle.FromIntPtr((nint)argument).Target!).Invoke(new ReadOnlySpan<byte>(data, (int)Math.Min(length, int.MaxValue)));
        return UcxNative.Ok;
    }
}
