namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>The receiving side of a stream: bytes by offset, handed out in order. Guarded by the connection's lock.</summary>
internal sealed class ReceiveHalf
{
    private readonly long _window;
    private readonly BlockBuffer _buffer = new();
    private readonly ByteRanges _ahead = new();
    private long _contiguous;
    private long _end = -1;

    /// <param name="window">Bytes beyond what was read that the peer may send.</param>
    public ReceiveHalf(long window) => _window = Announced = window;

    /// <summary>Bytes handed to the reader.</summary>
    public long Consumed { get; private set; }

    /// <summary>The highest offset seen: what connection flow control counts.</summary>
    public long Highest { get; private set; }

    /// <summary>Where the peer may send to, as last announced.</summary>
    public long Announced { get; private set; }

    /// <summary>Bytes that can be read now.</summary>
    public long Available => _contiguous - Consumed;

    /// <summary>The peer's reset code, once it gave the stream up.</summary>
    public long? ResetCode { get; private set; }

    /// <summary>Pieces that wait for what is missing before them.</summary>
    public int Gaps => _ahead.Count;

    /// <summary>Everything was read.</summary>
    public bool IsFinished => _end >= 0 && Consumed == _end;

    /// <summary>Nothing more is to come.</summary>
    public bool IsDone => ResetCode is not null || IsFinished;

    /// <summary>Takes bytes of the stream.</summary>
    /// <returns>Bytes beyond the highest offset so far.</returns>
    /// <exception cref="DwcpProtocolException">Beyond the announced window or the end, or another end than before.</exception>
    public long Receive(long offset, ReadOnlySpan<byte> bytes, bool end)
    {
        var stop = offset + bytes.Length;
        if (stop > Announced) throw new DwcpProtocolException("A stream's bytes exceed its announced window.");
        if (_end >= 0 && (stop > _end || (end && stop != _end))) throw new DwcpProtocolException("A stream changed its end.");
        if (end)
        {
            if (stop < Highest) throw new DwcpProtocolException("A stream ends before bytes that it sent.");
            _end = stop;
        }

        var fresh = Math.Max(0, stop - Highest);
        Highest = Math.Max(Highest, stop);
        if (ResetCode is not null || stop <= _contiguous) return fresh;
        if (offset < _contiguous)
        {
            bytes = bytes[(int)(_contiguous - offset)..];
            offset = _contiguous;
        }

        _buffer.Write(offset, bytes);
        if (offset == _contiguous) _contiguous = _ahead.Count > 0 ? _ahead.TakeFrom(stop) : stop;
        else _ahead.Add(offset, stop);
        return fresh;
    }

    /// <summary>The peer gave the stream up.</summary>
    /// <returns>Bytes beyond the highest offset so far, which connection flow control must count.</returns>
    public long Reset(long code, long finalSize)
    {
        if (finalSize < Highest || finalSize > Announced) throw new DwcpProtocolException("A reset stream has an impossible size.");
        var fresh = finalSize - Highest;
        Highest = finalSize;
        ResetCode ??= code;
        _buffer.Clear();
        _ahead.Clear();
        return fresh;
    }

    public int Read(Span<byte> destination)
    {
        var count = (int)Math.Min(destination.Length, Available);
        _buffer.Read(Consumed, destination[..count]);
        Consumed += count;
        _buffer.FreeTo(Consumed);
        if (IsFinished) _buffer.Clear();
        return count;
    }

    /// <summary>Moves the window when half of it was read.</summary>
    /// <returns>Whether the peer must be told.</returns>
    public bool TryExtend()
    {
        if (_end >= 0 || ResetCode is not null || Announced - Consumed > _window / 2) return false;
        Announced = Consumed + _window;
        return true;
    }
}
