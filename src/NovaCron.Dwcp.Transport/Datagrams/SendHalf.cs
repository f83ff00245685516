namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>The sending side of a stream: what the application wrote, what of it is on the way, lost, or acknowledged. Guarded by the connection's lock.</summary>
internal sealed class SendHalf
{
    private readonly BlockBuffer _buffer = new();
    private readonly ByteRanges _acknowledged = new();
    private readonly ByteRanges _lost = new();
    private long _written;
    private long _sent;
    private long _acknowledgedTo;
    private bool _finished;
    private bool _endSent;
    private bool _endLost;
    private bool _endAcknowledged;
    private bool _endAcknowledgedSeen;

    /// <summary>Where the peer's flow control lets us send to.</summary>
    public long Limit { get; set; }

    /// <summary>The stream was given up; nothing of it is sent any more.</summary>
    public bool IsReset { get; private set; }

    /// <summary>Bytes written and not yet acknowledged: what the buffer holds.</summary>
    public long Buffered => _written - _acknowledgedTo;

    /// <summary>Bytes written and not yet sent for the first time.</summary>
    public long Unsent => _written - _sent;

    /// <summary>Bytes sent for the first time so far; connection flow control counts these.</summary>
    public long Sent => _sent;

    /// <summary>Where the next piece begins.</summary>
    public long NextOffset => _lost.Count > 0 ? _lost.First.Start : _sent;

    /// <summary>Everything written, the end included, was acknowledged, or the stream was given up.</summary>
    public bool IsDone => IsReset || _endAcknowledged;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(_written, bytes);
        _written += bytes.Length;
    }

    public void Finish() => _finished = true;

    public void Reset()
    {
        IsReset = true;
        _buffer.Clear();
        _lost.Clear();
    }

    /// <summary>Whether something can be sent now.</summary>
    /// <param name="connectionCredit">New bytes that connection flow control allows.</param>
    public bool HasWork(long connectionCredit)
    {
        if (IsReset) return false;
        if (_lost.Count > 0 || _endLost) return true;
        if (_sent < _written) return connectionCredit > 0 && _sent < Limit;
        return _finished && !_endSent;
    }

    /// <summary>Takes the next piece: what was lost before what is new.</summary>
    /// <param name="room">Bytes that fit.</param>
    /// <param name="connectionCredit">New bytes that connection flow control allows.</param>
    /// <param name="end">Whether the piece ends the stream.</param>
    public (long Offset, int Length) Take(int room, long connectionCredit, out bool end)
    {
        long start, stop;
        if (_lost.Count > 0)
        {
            (start, stop) = _lost.First;
            stop = Math.Min(stop, start + room);
            _lost.Remove(start, stop);
        }
        else
        {
            start = _sent;
            stop = Math.Min(Math.Min(_written, Limit), start + Math.Min(room, connectionCredit));
            stop = Math.Max(start, stop);
            _sent = stop;
        }

        end = _finished && stop == _written && _sent == _written && (!_endSent || _endLost || stop > start);
        if (end)
        {
            _endSent = true;
            _endLost = false;
        }

        return (start, (int)(stop - start));
    }

    public void Copy(long offset, Span<byte> destination) => _buffer.Read(offset, destination);

    public void OnAcknowledged(long offset, int length, bool end)
    {
        if (IsReset) return;
        _endAcknowledgedSeen |= end;
        _acknowledged.Add(offset, offset + length);
        _lost.Remove(offset, offset + length);
        _acknowledgedTo = _acknowledged.Count > 0 && _acknowledged.First.Start <= _acknowledgedTo
            ? _acknowledged.TakeFrom(_acknowledgedTo)
            : _acknowledgedTo;
        _buffer.FreeTo(_acknowledgedTo);
        _endAcknowledged = _endAcknowledgedSeen && _acknowledgedTo == _written;
        if (_endAcknowledged) _buffer.Clear();
    }

    public void OnLost(long offset, int length, bool end)
    {
        if (IsReset) return;
        _endLost |= end && !_endAcknowledgedSeen;
        var start = Math.Max(offset, _acknowledgedTo);
        if (start < offset + length) _lost.Add(start, offset + length);
    }
}
