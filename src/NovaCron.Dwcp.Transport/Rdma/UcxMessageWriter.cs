using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>
/// Extents as messages one behind another, where the transport is TCP: there a put is a message, too, which the receiver's library copies into memory that has left the caches
/// before anybody hashes it. The message itself is handed over where it was received.
/// </summary>
internal sealed class UcxMessageWriter(UcxLink link) : IPayloadWriter
{
    private const int MessagesPerPiece = BulkLimits.PieceBytes / UcxEndpoint.MaxMessageBytes;

    private readonly nint[] _requests = new nint[UcxLink.MessageSlots * MessagesPerPiece];
    private volatile bool _aborted;
    private long _pieces;
    private long _finished;
    private long _taken;

    public Span<byte> Rent(long number, int offset, int length)
    {
        // What was in the slot must have left: TCP sends from the memory itself.
        for (var i = 0; i < MessagesPerPiece; i++)
        {
            ref var request = ref _requests[(Slot * MessagesPerPiece) + i];
            while (!link.Worker.IsDone(request, "send an extent")) Wait();
            request = 0;
        }

        return link.Region.Slice((long)Slot * BulkLimits.PieceBytes, length);
    }

    public void Send(long number, int offset, int length)
    {
        ThrowIfAborted();
        var (start, first) = ((long)Slot * BulkLimits.PieceBytes, Slot * MessagesPerPiece);
        for (var sent = 0; sent < length; sent += UcxEndpoint.MaxMessageBytes)
        {
            _requests[first++] = link.Endpoint.Send(UcxLink.Payload, link.Region, start + sent, Math.Min(UcxEndpoint.MaxMessageBytes, length - sent));
        }

        _pieces++;
    }

    public void Finish(long number) => _finished = number + 1;

    // The receiver waits for the bytes themselves, as on a socket: the notice may come before them.
    public bool TryTakeComplete(out long number)
    {
        number = _taken;
        if (_taken == _finished) return false;
        _taken++;
        return true;
    }

    public void Wait()
    {
        ThrowIfAborted();
        link.ThrowIfBroken();
        link.Worker.Wait();
    }

    public void Wake() => link.Worker.Wake();

    public void Abort()
    {
        _aborted = true;
        link.Worker.Wake();
    }

    public void Dispose()
    {
        foreach (var request in _requests) link.Worker.Abandon(request);
        Array.Clear(_requests);
        link.Dispose();
    }

    private int Slot => (int)(_pieces % UcxLink.MessageSlots);

    private void ThrowIfAborted()
    {
        if (_aborted) throw new OperationCanceledException("The bulk stream ended.");
    }
}
