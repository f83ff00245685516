using System.Numerics;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>Durations in buckets of an eighth of a power of two (12.5 % wide) from 1 microsecond to about 38 hours; lock-free to write.</summary>
public sealed class LatencyHistogram
{
    private const int StepsPerOctave = 8;
    private readonly long[] _counts = new long[38 * StepsPerOctave];

    /// <summary>Durations recorded.</summary>
    public long Count => _counts.Sum();

    /// <summary>Adds one duration.</summary>
    public void Record(TimeSpan duration) => Interlocked.Increment(ref _counts[IndexOf((long)duration.TotalMicroseconds)]);

    /// <summary>The upper bound of the bucket that holds the given share of the durations, or null when there is none.</summary>
    /// <param name="share">0..1, such as 0.99.</param>
    public TimeSpan? Quantile(double share)
    {
        var total = Count;
        if (total == 0) return null;
        var rank = Math.Max(1, (long)Math.Ceiling(total * share));
        for (var i = 0; i < _counts.Length; i++)
        {
            rank -= Interlocked.Read(ref _counts[i]);
            if (rank <= 0) return TimeSpan.FromMicroseconds(UpperBound(i));
        }

        return TimeSpan.FromMicroseconds(UpperBound(_counts.Length - 1));
    }

    private int IndexOf(long microseconds)
    {
        if (microseconds < StepsPerOctave) return (int)Math.Max(0, microseconds);
        var octave = BitOperations.Log2((ulong)microseconds);
        var step = (int)((microseconds >> (octave - 3)) & (StepsPerOctave - 1));
        return Math.Min(_counts.Length - 1, ((octave - 2) * StepsPerOctave) + step);
    }

    private static long UpperBound(int index)
    {
        if (index < StepsPerOctave) return index + 1;
        var octave = (index / StepsPerOctave) + 2;
        return (StepsPerOctave + 1L + (index % StepsPerOctave)) << (octave - 3);
    }
}
