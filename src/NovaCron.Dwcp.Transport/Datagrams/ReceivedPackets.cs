using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// The packet numbers that came, newest range first: refuses a number twice (replay) and says what to acknowledge. Bounded:
/// beyond <see cref="MaximumRanges"/> gaps the oldest numbers are no longer accepted.
/// </summary>
public sealed class ReceivedPackets
{
    /// <summary>Ranges remembered.</summary>
    public const int MaximumRanges = 256;

    private readonly List<PacketRange> _ranges = [];
    private long _floor = -1;

    /// <summary>The largest number received; -1 before the first.</summary>
    public long Largest => _ranges.Count == 0 ? _floor : _ranges[0].Last;

    /// <summary>Ranges received, newest first.</summary>
    public IReadOnlyList<PacketRange> Ranges => _ranges;

    /// <summary>Records a number.</summary>
    /// <returns>False if it came before, or is too old to tell.</returns>
    public bool TryAdd(long number)
    {
        if (number <= _floor) return false;
        for (var i = 0; i < _ranges.Count; i++)
        {
            var range = _ranges[i];
            if (number > range.Last)
            {
                if (number == range.Last + 1) _ranges[i] = range with { Last = number };
                else _ranges.Insert(i, new PacketRange(number, number));
                if (i > 0) JoinWithNewer(i);
                Trim();
                return true;
            }

            if (number >= range.First) return false;
            if (number != range.First - 1) continue;
            _ranges[i] = range with { First = number };
            if (i + 1 < _ranges.Count) JoinWithNewer(i + 1);
            return true;
        }

        _ranges.Add(new PacketRange(number, number));
        Trim();
        return true;
    }

    /// <summary>The peer knows that numbers up to this came: they need no further acknowledgement, and are not accepted again.</summary>
    public void ForgetUpTo(long number)
    {
        _floor = Math.Max(_floor, number);
        for (var i = _ranges.Count - 1; i >= 0; i--)
        {
            if (_ranges[i].First > _floor) return;
            if (_ranges[i].Last <= _floor) _ranges.RemoveAt(i);
            else _ranges[i] = _ranges[i] with { First = _floor + 1 };
        }
    }

    private void JoinWithNewer(int index)
    {
        if (_ranges[index - 1].First != _ranges[index].Last + 1) return;
        _ranges[index - 1] = new PacketRange(_ranges[index].First, _ranges[index - 1].Last);
        _ranges.RemoveAt(index);
    }

    private void Trim()
    {
        while (_ranges.Count > MaximumRanges)
        {
            _floor = Math.Max(_floor, _ranges[^1].Last);
            _ranges.RemoveAt(_ranges.Count - 1);
        }
    }
}
