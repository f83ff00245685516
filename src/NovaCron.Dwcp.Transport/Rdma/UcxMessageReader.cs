using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Takes extents out of messages that come one behind another (<see cref="UcxMessageWriter"/>), straight into the receiver's own buffer.</summary>
internal sealed unsafe class UcxMessageReader : IPayloadReader
{
    private readonly UcxLink _link;
    private readonly SocketSignal _signal = new();

    // What the library had received beyond the piece that was asked for: no more than one of its segments.
    private readonly byte[] _beyond = new byte[4 * UcxEndpoint.MaxMessageBytes];
    private int _beyondStart;
    private int _beyondEnd;

    private volatile bool _aborted;
    private byte* _target;
    private int _wanted;
    private bool _flooded;

    /// <param name="link">Belongs to this reader from now on.</param>
    public UcxMessageReader(UcxLink link)
    {
        _link = link;
        link.Worker.OnMessage(UcxLink.Payload, Take);
    }

    public bool ReadsAfterNotice => false;

    public void Read(long number, int offset, Span<byte> piece)
    {
        fixed (byte* target = piece)
        {
            _target = target;
            _wanted = piece.Length;
            TakeBeyond();
            while (_wanted > 0)
            {
                if (_aborted) throw new OperationCanceledException("The bulk stream ended.");
                _link.ThrowIfBroken();
                _link.Worker.Wait();
            }

            _target = null;
        }

        if (_flooded) throw new DwcpProtocolException("The sender's messages are larger than those of a bulk stream.");
    }

    // For the notice of an extent whose bytes are here: the session brings it, not the library.
    public void Wait() => _signal.Wait();

    public void Wake()
    {
        _signal.Set();
        _link.Worker.Wake();
    }

    public void Abort()
    {
        _aborted = true;
        _signal.Abort();
        _link.Worker.Wake();
    }

    public void Dispose()
    {
        _link.Dispose();
        _signal.Dispose();
    }

    // Within progress, on the receiving thread. Must not throw.
    private void Take(ReadOnlySpan<byte> message)
    {
        var count = Math.Min(_wanted, message.Length);
        Copy(message[..count]);
        var rest = message[count..];
        if (rest.Length > _beyond.Length - _beyondEnd) _flooded = true;
        else
        {
            rest.CopyTo(_beyond.AsSpan(_beyondEnd));
            _beyondEnd += rest.Length;
        }
    }

    private void TakeBeyond()
    {
        var count = Math.Min(_wanted, _beyondEnd - _beyondStart);
        Copy(_beyond.AsSpan(_beyondStart, count));
        _beyondStart += count;
        if (_beyondStart == _beyondEnd) _beyondStart = _beyondEnd = 0;
    }

    private void Copy(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(_target, _wanted));
        _target += bytes.Length;
        _wanted -= bytes.Length;
    }
}
