namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Memory that UCX allocated and registered. Nobody reaches it before its key was handed out. Whether somebody with the key does after it was disposed is the library's doing (<see cref="UcxContext"/>); the end of the process ends it.</summary>
internal sealed unsafe class UcxRegion : IDisposable
{
    private readonly UcxContext _context;
    private nint _handle;
    private byte* _address;

    public UcxRegion(UcxContext context, long bytes)
    {
        _context = context;
        var parameters = new UcxNative.MemMapParams
        {
            Mask = 1 | 2 | 4 | 8,
            Length = (nuint)bytes,
            Flags = UcxNative.MapAllocate,
            Protection = UcxNative.ProtectAll,
        };
        nint handle = 0;
        var what = $"register {bytes} bytes (the limit of locked memory, ulimit -l, or /dev/shm may be too small)";
        context.Check(context.Native.MemMap(context.Handle, &parameters, &handle), what);
        // libucp 1.13.1 says so and gives nothing where the device cannot pin the memory (seen with 64 KiB of locked memory).
        if (handle == 0) context.Check(UcxNative.NoMemory, what);
        var attributes = new UcxNative.MemAttr { Mask = 1 | 2 };
        context.Check(context.Native.MemQuery(handle, &attributes), "describe its memory");
        _handle = handle;
        _address = (byte*)attributes.Address;
        Length = bytes;
        new Span<byte>(_address, checked((int)Math.Min(bytes, int.MaxValue))).Clear();
    }

    public long Length { get; }

    /// <summary>Where a peer that has the key writes.</summary>
    public ulong Address => (ulong)Pointer;

    public nint Handle => _handle;

    public byte* Pointer => _handle != 0 ? _address : throw new ObjectDisposedException(nameof(UcxRegion));

    /// <exception cref="ArgumentOutOfRangeException">It is not wholly inside.</exception>
    public Span<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new Span<byte>(Pointer + offset, length);
    }

    /// <summary>The key with which a peer reaches the region.</summary>
    public byte[] PackKey()
    {
        void* buffer;
        nuint size;
        _context.Check(_context.Native.RkeyPack(_context.Handle, _handle, &buffer, &size), "pack a remote key");
        try
        {
            return new ReadOnlySpan<byte>(buffer, checked((int)size)).ToArray();
        }
        finally
        {
            _context.Native.RkeyBufferRelease(buffer);
        }
    }

    public void Dispose()
    {
        if (_handle == 0) return;
        var handle = _handle;
        _handle = 0;
        _address = null;
        _context.Unmapped();
        _context.Check(_context.Native.MemUnmap(_context.Handle, handle), "give memory back");
    }
}
