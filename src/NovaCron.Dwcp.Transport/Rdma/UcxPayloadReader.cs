using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Copies extents out of the bounce buffers that the peer puts into. The peer can write them at any time: only the copy is ever hashed and stored.</summary>
internal sealed class UcxPayloadReader(UcxLink link) : IPayloadReader
{
    private volatile bool _aborted;

    public bool ReadsAfterNotice => true;

    public void Read(long number, int offset, Span<byte> piece)
    {
        ThrowIfAborted();
        link.Worker.Progress(); // where UCX moves payload in software, the next extent comes meanwhile
        link.Region.Slice((number % BulkLimits.Credits * BulkLimits.ExtentBytes) + offset, piece.Length).CopyTo(piece);
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

    public void Dispose() => link.Dispose();

    private void ThrowIfAborted()
    {
        if (_aborted) throw new OperationCanceledException("The bulk stream ended.");
    }
}
