using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>A connection to one peer. Belongs to its worker's thread.</summary>
internal sealed unsafe class UcxEndpoint : IDisposable
{
    /// <summary>Most bytes of a message: with its header it fits the segments of 256 KiB that <see cref="UcxLibrary"/> asks TCP for, so it arrives whole and is copied once.</summary>
    public const int MaxMessageBytes = 128 * 1024;

    private readonly UcxWorker _worker;
    private readonly GCHandle _self;
    private nint _endpoint;
    private int _failure;

    public UcxEndpoint(UcxWorker worker, UcxNative.EndpointParams parameters)
    {
        _worker = worker;
        _self = GCHandle.Alloc(this);
        if (parameters.WorkerAddress is null)
        {
            // Shared memory has no error handling: there the session tells that the peer is gone.
            parameters.Mask |= 2 | 4;
            parameters.ErrorMode = UcxNative.ErrorHandlingByPeer;
            parameters.OnError = &OnError;
            parameters.Argument = (void*)GCHandle.ToIntPtr(_self);
        }

        nint endpoint;
        var status = Native.EndpointCreate(worker.Handle, &parameters, &endpoint);
        if (status != UcxNative.Ok) _self.Free();
        worker.Context.Check(status, "reach the peer");
        _endpoint = endpoint;
    }

    private UcxNative Native => _worker.Context.Native;

    /// <summary>The peer is gone, or the network between.</summary>
    public bool IsBroken => Volatile.Read(ref _failure) != 0;

    /// <exception cref="UcxException">The connection broke.</exception>
    public void ThrowIfBroken()
    {
        if (Volatile.Read(ref _failure) is var status and not 0) throw new UcxException(status, $"The UCX connection broke: {Native.Explain(status)}.");
    }

    /// <summary>The transports that carry this connection, as the library really chose: <c>posix/memory</c>, <c>tcp/eth0</c>, <c>rc_verbs/rxe0:1</c> ...</summary>
    public IReadOnlyList<string> Transports() => UcxLanes.Parse(MemoryStreams.Capture(stream => Native.EndpointPrintInfo(_endpoint, stream)));

    /// <summary>The peer's key as something that puts can name.</summary>
    /// <exception cref="UcxException">It is no key of a transport that this connection has.</exception>
    public nint UnpackKey(ReadOnlySpan<byte> key)
    {
        nint unpacked;
        fixed (byte* bytes = key) _worker.Context.Check(Native.RkeyUnpack(_endpoint, bytes, &unpacked), "use the peer's key");
        return unpacked;
    }

    /// <summary>Where the peer's memory is in this process: in shared memory the key itself maps it. Null elsewhere.</summary>
    public byte* PointerTo(ulong remote, nint key)
    {
        void* pointer;
        return Native.RkeyPointer(key, remote, &pointer) == UcxNative.Ok ? (byte*)pointer : null;
    }

    public void DestroyKey(nint key) => Native.RkeyDestroy(key);

    /// <summary>Begins a put; the local bytes must stay as they are until it ended.</summary>
    /// <returns>A request, or a status.</returns>
    public nint Put(UcxRegion local, long offset, int length, ulong remote, nint key)
    {
        ThrowIfBroken();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, local.Length - length);
        var parameters = new UcxNative.RequestParam { Mask = UcxNative.OpMemoryHandle, MemoryHandle = local.Handle };
        return Native.Put(_endpoint, local.Pointer + offset, (nuint)length, remote, key, &parameters);
    }

    /// <summary>Begins a get.</summary>
    public nint Get(UcxRegion local, long offset, int length, ulong remote, nint key)
    {
        ThrowIfBroken();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, local.Length - length);
        var parameters = new UcxNative.RequestParam { Mask = UcxNative.OpMemoryHandle, MemoryHandle = local.Handle };
        return Native.Get(_endpoint, local.Pointer + offset, (nuint)length, remote, key, &parameters);
    }

    /// <summary>Begins a flush: when it ended, everything put before is in the peer's memory.</summary>
    public nint Flush()
    {
        ThrowIfBroken();
        var parameters = default(UcxNative.RequestParam);
        return Native.EndpointFlush(_endpoint, &parameters);
    }

    /// <summary>Begins to send a message, eagerly; the bytes must stay until it ended.</summary>
    public nint Send(uint id, UcxRegion local, long offset, int length)
    {
        ThrowIfBroken();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, local.Length - length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxMessageBytes);
        var parameters = new UcxNative.RequestParam { Mask = UcxNative.OpFlags, Flags = UcxNative.AmSendEager };
        return Native.AmSend(_endpoint, id, null, 0, local.Pointer + offset, (nuint)length, &parameters);
    }

    public void Dispose()
    {
        if (_endpoint == 0) return;
        var endpoint = _endpoint;
        _endpoint = 0;
        var parameters = new UcxNative.RequestParam { Mask = UcxNative.OpFlags, Flags = UcxNative.CloseForce };
        var request = Native.EndpointClose(endpoint, &parameters);
        // Forced: ends by itself, whatever the peer does; how is of no interest to anybody any more.
        while (UcxNative.IsRequest(request) && Native.RequestCheckStatus(request) == UcxNative.InProgress) _worker.Progress();
        if (UcxNative.IsRequest(request)) Native.RequestFree(request);
        _self.Free();
    }

    [UnmanagedCallersOnly]
    private static void OnError(void* argument, nint endpoint, int status)
    {
        var self = (UcxEndpoint)GCHandle.FromIntPtr((nint)argument).Target!;
        Interlocked.CompareExchange(ref self._failure, status, 0);
    }
}
