using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>What the clients saw of one version, while it is counted.</summary>
internal sealed class TrafficTally
{
    private readonly LatencyHistogram _latencies = new();
    private long _acknowledged;
    private long _failed;
    private long _slowestTicks;

    public long FailedAttempts => Interlocked.Read(ref _failed);

    public long AcknowledgedCount => Interlocked.Read(ref _acknowledged);

    public void Failed() => Interlocked.Increment(ref _failed);

    public void Acknowledged(TimeSpan latency)
    {
        Interlocked.Increment(ref _acknowledged);
        _latencies.Record(latency);
        for (var seen = Interlocked.Read(ref _slowestTicks); latency.Ticks > seen;)
        {
            var before = Interlocked.CompareExchange(ref _slowestTicks, latency.Ticks, seen);
            if (before == seen) break;
            seen = before;
        }
    }

    public TrafficVersionCounts Read()
    {
        var ticks = Interlocked.Read(ref _slowestTicks);
        var slowest = ticks > 0 ? TimeSpan.FromTicks(ticks).TotalMilliseconds : double.NaN;
        // A quantile is the upper end of its class, which may lie above everything that was seen.
        double Milliseconds(double share) => _latencies.Quantile(share) is { } quantile ? Math.Min(quantile.TotalMilliseconds, slowest) : double.NaN;
        return new TrafficVersionCounts(AcknowledgedCount, FailedAttempts, Milliseconds(0.5), Milliseconds(0.95), Milliseconds(0.99), slowest);
    }
}
