namespace NovaCron.Dwcp.Node.Metrics;

/// <summary>Readings of the totals, one a second, so that figures can be given over the last minute.</summary>
internal sealed class SlidingWindow(RequestTotals totals, TimeProvider time)
{
    /// <summary>Length of the window. A minute: four scrapes of 15 s, so one scrape misses nothing.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Queue<(long At, long[] Values)> _readings = new([(time.GetTimestamp(), totals.Read())]);

    /// <summary>Takes a reading; called once a second.</summary>
    public void Sample()
    {
        var reading = (time.GetTimestamp(), totals.Read());
        lock (_gate)
        {
            _readings.Enqueue(reading);
            // The oldest reading is the last one that is at least a window old.
            while (_readings.Count > 2 && time.GetElapsedTime(_readings.ElementAt(1).At, reading.Item1) >= Length) _readings.Dequeue();
        }
    }

    /// <summary>The figures from the start of the window until now.</summary>
    public WindowFigures Figures()
    {
        var now = time.GetTimestamp();
        (long At, long[] Values) oldest;
        lock (_gate) oldest = _readings.Peek();
        return RequestTotals.Compare(oldest.Values, totals.Read(), time.GetElapsedTime(oldest.At, now));
    }
}
