using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Metrics;

/// <summary>
/// Everything that the people's gauges are computed from, as totals since the start: the same events as the counters and the histogram,
/// without canaries. Written from many threads.
/// </summary>
internal sealed class RequestTotals
{
    /// <summary>Upper bounds of dwcp_request_duration_seconds, seconds; 0.1 is the limit that rollouts are judged by.</summary>
    public static readonly double[] BucketBounds = [.. Operations.Metrics.NodeMetrics.LatencyBounds];

    private const int Ok = 0;
    private const int Failed = 1;
    private const int Raw = 2;
    private const int Wire = 3;
    private const int FirstBucket = 4;
    private readonly long[] _values = new long[FirstBucket + BucketBounds.Length + 1];

    /// <summary>Counts one request.</summary>
    public void AddRequest(RequestOutcome outcome, double seconds)
    {
        Interlocked.Increment(ref _values[outcome == RequestOutcome.ServerError ? Failed : Ok]);
        var bucket = 0;
        while (bucket < BucketBounds.Length && seconds > BucketBounds[bucket]) bucket++;
        Interlocked.Increment(ref _values[FirstBucket + bucket]);
    }

    /// <summary>Counts moved bytes.</summary>
    public void AddBytes(long raw, long wire)
    {
        Interlocked.Add(ref _values[Raw], raw);
        Interlocked.Add(ref _values[Wire], wire);
    }

    /// <summary>Copies the totals.</summary>
    public long[] Read()
    {
        var copy = new long[_values.Length];
        for (var i = 0; i < copy.Length; i++) copy[i] = Interlocked.Read(ref _values[i]);
        return copy;
    }

    /// <summary>What happened between two readings.</summary>
    /// <param name="from">The older reading.</param>
    /// <param name="to">The newer reading.</param>
    /// <param name="elapsed">Time between them.</param>
    public static WindowFigures Compare(long[] from, long[] to, TimeSpan elapsed)
    {
        long Delta(int index) => to[index] - from[index];
        var requests = Delta(Ok) + Delta(Failed);
        var buckets = new long[BucketBounds.Length + 1];
        for (var i = 0; i < buckets.Length; i++) buckets[i] = Delta(FirstBucket + i);
        return new WindowFigures(
            ErrorPercent: requests > 0 ? 100.0 * Delta(Failed) / requests : double.NaN,
            P99Milliseconds: Quantile(buckets, 0.99) * 1000,
            BytesPerSecond: elapsed > TimeSpan.Zero ? Delta(Raw) / elapsed.TotalSeconds : double.NaN,
            PercentSaved: Delta(Raw) > 0 ? 100.0 * (1 - ((double)Delta(Wire) / Delta(Raw))) : double.NaN);
    }

    /// <summary>
    /// The quantile in seconds by linear interpolation inside the bucket that holds it, as Prometheus' histogram_quantile defines it;
    /// the highest bound when it lies above all; NaN without data.
    /// </summary>
    internal static double Quantile(long[] buckets, double share)
    {
        var total = buckets.Sum();
        if (total == 0) return double.NaN;
        var rank = share * total;
        double below = 0;
        for (var i = 0; i < BucketBounds.Length; i++)
        {
            if (below + buckets[i] >= rank)
            {
                var lower = i == 0 ? 0 : BucketBounds[i - 1];
                return lower + ((BucketBounds[i] - lower) * ((rank - below) / buckets[i]));
            }

            below += buckets[i];
        }

        return BucketBounds[^1];
    }
}
