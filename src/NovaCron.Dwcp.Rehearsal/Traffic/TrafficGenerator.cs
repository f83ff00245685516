namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>
/// A seeded population of clients that sends real transfers at a set rate and keeps account of every one:
/// sent, acknowledged, retried, failed, lost; and reads acknowledged data back.
/// </summary>
public sealed class TrafficGenerator : IAsyncDisposable
{
    private readonly TrafficOptions _options;
    private readonly TimeProvider _time;

    /// <param name="options">What to send; checked here.</param>
    /// <param name="time">Clock; the system's by default.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public TrafficGenerator(TrafficOptions options, TimeProvider? time = null)
    {
        options.Validate();
        _options = options;
        _time = time ?? TimeProvider.System;
        Rate = options.Rate;
    }

    /// <summary>Requests per second; takes effect with the next request.</summary>
    public double Rate { get; set; }

    /// <summary>Begins to send and returns. Call once.</summary>
    public void Start() => throw new NotImplementedException($"{_options.Target} {_time}");

    /// <summary>The counts now.</summary>
    public TrafficSnapshot GetSnapshot() => throw new NotImplementedException();

    /// <summary>One entry for every finished second since the start, oldest first.</summary>
    public IReadOnlyList<TrafficSecond> GetSeries() => throw new NotImplementedException();

    /// <summary>Stops sending, waits for the requests under way, reads every acknowledged object back that was not read yet, and gives the final counts.</summary>
    /// <param name="cancellationToken">Gives up the reading back; the counts then tell how many were verified.</param>
    public Task<TrafficSnapshot> StopAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Stops at once without reading back.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
