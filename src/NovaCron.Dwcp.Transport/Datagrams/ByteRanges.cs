namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Disjoint ranges of stream offsets in ascending order.</summary>
internal sealed class ByteRanges
{
    private readonly List<(long Start, long End)> _ranges = [];

    public int Count => _ranges.Count;

    public (long Start, long End) First => _ranges[0];

    /// <summary>Adds [start, end), joining what touches.</summary>
    public void Add(long start, long end)
    {
        if (start >= end) return;
        var i = LowerBound(start);
        if (i > 0 && _ranges[i - 1].End >= start) i--;
        var j = i;
        while (j < _ranges.Count && _ranges[j].Start <= end)
        {
            start = Math.Min(start, _ranges[j].Start);
            end = Math.Max(end, _ranges[j].End);
            j++;
        }

        if (j == i)
        {
            _ranges.Insert(i, (start, end));
            return;
        }

        _ranges[i] = (start, end);
        _ranges.RemoveRange(i + 1, j - i - 1);
    }

    /// <summary>Takes out [start, end).</summary>
    public void Remove(long start, long end)
    {
        if (start >= end) return;
        var i = LowerBound(start);
        if (i > 0 && _ranges[i - 1].End > start) i--;
        while (i < _ranges.Count && _ranges[i].Start < end)
        {
            var range = _ranges[i];
            _ranges.RemoveAt(i);
            if (range.Start < start) _ranges.Insert(i++, (range.Start, start));
            if (range.End > end) _ranges.Insert(i++, (end, range.End));
        }
    }

    /// <summary>If the first range begins at <paramref name="offset"/> or before, removes it and returns its end; else the offset.</summary>
    public long TakeFrom(long offset)
    {
        while (_ranges.Count > 0 && _ranges[0].Start <= offset)
        {
            offset = Math.Max(offset, _ranges[0].End);
            _ranges.RemoveAt(0);
        }

        return offset;
    }

    public void Clear() => _ranges.Clear();

    private int LowerBound(long start)
    {
        var low = 0;
        var high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].Start < start) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
