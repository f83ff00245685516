using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>
/// Puts extents into the receiver's bounce buffers, one buffer for each credit. An extent is complete when a flush behind its puts ended: then its bytes are in the receiver's
/// memory. In shared memory pieces are read straight into those buffers, and there is nothing left to put.
/// </summary>
internal sealed unsafe class UcxPayloadWriter : IPayloadWriter
{
    private readonly UcxLink _link;
    private readonly Slot[] _slots;
    private volatile bool _aborted;
    private long _finished;
    private long _taken;

    public UcxPayloadWriter(UcxLink link)
    {
        _link = link;
        _slots = new Slot[link.Slots];
        for (var i = 0; i < _slots.Length; i++) _slots[i] = new Slot();
    }

    public Span<byte> Rent(long number, int offset, int length)
    {
        if (_link.PeerPointer != null) return new Span<byte>(_link.PeerPointer + RemoteOffset(number) + offset, length); // its credit says that it is free
        // The slot's extent before must have left before its bytes are overwritten.
        while (number - Completed() >= _slots.Length) Wait();
        return _link.Region.Slice(LocalOffset(number) + offset, length);
    }

    public void Send(long number, int offset, int length)
    {
        ThrowIfAborted();
        if (_link.PeerPointer != null) return;
        var remote = _link.PeerAddress + (ulong)(RemoteOffset(number) + offset);
        var slot = _slots[number % _slots.Length];
        slot.Puts[slot.PutCount++] = _link.Endpoint.Put(_link.Region, LocalOffset(number) + offset, length, remote, _link.PeerKey);
    }

    public void Finish(long number)
    {
        _finished = number + 1;
        if (_link.PeerPointer != null) return; // the notice goes through the kernel: whoever reads it sees the bytes
        var slot = _slots[number % _slots.Length];
        slot.Flush = _link.Endpoint.Flush();
        slot.FlushDone = false;
    }

    public bool TryTakeComplete(out long number)
    {
        number = _taken;
        if (_taken >= Completed()) return false;
        _taken++;
        return true;
    }

    public void Wait()
    {
        ThrowIfAborted();
        _link.ThrowIfBroken();
        _link.Worker.Wait();
    }

    public void Wake() => _link.Worker.Wake();

    public void Abort()
    {
        _aborted = true;
        _link.Worker.Wake();
    }

    public void Dispose() => _link.Dispose();

    private long _completed;

    private long Completed()
    {
        if (_link.PeerPointer != null) return _finished;
        while (_completed < _finished && IsComplete(_slots[_completed % _slots.Length])) _completed++;
        return _completed;
    }

    // Every request is asked for its status and freed: a put that failed must not look like one that ended.
    private bool IsComplete(Slot slot)
    {
        while (slot.PutCount > 0)
        {
            if (!_link.Worker.IsDone(slot.Puts[slot.PutCount - 1], "put an extent")) return false;
            slot.PutCount--;
        }

        if (slot.FlushDone) return true;
        if (!_link.Worker.IsDone(slot.Flush, "flush an extent")) return false;
        slot.FlushDone = true;
        return true;
    }

    private static long RemoteOffset(long number) => number % BulkLimits.Credits * BulkLimits.ExtentBytes;

    private long LocalOffset(long number) => number % _slots.Length * BulkLimits.ExtentBytes;

    private void ThrowIfAborted()
    {
        if (_aborted) throw new OperationCanceledException("The bulk stream ended.");
    }

    private sealed class Slot
    {
        public nint[] Puts { get; } = new nint[BulkLimits.PiecesPerExtent];

        public int PutCount { get; set; }

        public nint Flush { get; set; }

        public bool FlushDone { get; set; }
    }
}
