using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>Counts events by the second in which they happen.</summary>
internal sealed class TrafficTimeline(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<TrafficSecond> _closed = [];
    private readonly DateTimeOffset _start = time.GetUtcNow();
    private readonly long _startStamp = time.GetTimestamp();
    private int _sent;
    private int _acknowledgedV1;
    private int _acknowledgedV3;
    private int _failedV1;
    private int _failedV3;
    private int _failedUndecided;
    private int _lost;
    private long _bytes;
    private LatencyHistogram _latencies = new();

    public void Sent()
    {
        lock (_gate)
        {
            CloseUntilNow();
            _sent++;
        }
    }

    public void Acknowledged(int version, long bytes, TimeSpan latency)
    {
        lock (_gate)
        {
            CloseUntilNow();
            if (version == 3) _acknowledgedV3++;
            else _acknowledgedV1++;
            _bytes += bytes;
            _latencies.Record(latency);
        }
    }

    public void Failed(int version)
    {
        lock (_gate)
        {
            CloseUntilNow();
            if (version == 3) _failedV3++;
            else if (version == 1) _failedV1++;
            else _failedUndecided++;
        }
    }

    public void Lost()
    {
        lock (_gate)
        {
            CloseUntilNow();
            _lost++;
        }
    }

    public IReadOnlyList<TrafficSecond> Read()
    {
        lock (_gate)
        {
            CloseUntilNow();
            return [.. _closed];
        }
    }

    private void CloseUntilNow()
    {
        var current = (int)time.GetElapsedTime(_startStamp).TotalSeconds;
        while (_closed.Count < current)
        {
            _closed.Add(new TrafficSecond(
                _start.AddSeconds(_closed.Count), _sent, _acknowledgedV1, _acknowledgedV3, _failedV1, _failedV3, _lost, _bytes,
                _latencies.Quantile(0.5)?.TotalMilliseconds ?? double.NaN, _latencies.Quantile(0.99)?.TotalMilliseconds ?? double.NaN,
                _failedUndecided));
            if (_acknowledgedV1 + _acknowledgedV3 > 0) _latencies = new LatencyHistogram();
            _sent = _acknowledgedV1 = _acknowledgedV3 = _failedV1 = _failedV3 = _failedUndecided = _lost = 0;
            _bytes = 0;
        }
    }
}
