using System.Diagnostics;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>Keeps a stream at a rate that the caller set: each piece is due when the pieces before it would have gone out at that rate.</summary>
internal sealed class StreamPacer(long? bytesPerSecond)
{
    // A pause in which nothing was ready is not saved up for a burst beyond this.
    private static readonly TimeSpan MaxCredit = TimeSpan.FromMilliseconds(50);

    private long _dueAt;

    /// <summary>Call after sending; returns when the next piece is due.</summary>
    public ValueTask PaceAsync(int bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond is not { } rate || rate <= 0) return ValueTask.CompletedTask;
        var now = Stopwatch.GetTimestamp();
        var earliest = now - (long)(MaxCredit.TotalSeconds * Stopwatch.Frequency);
        _dueAt = Math.Max(_dueAt, earliest) + (long)((double)bytes / rate * Stopwatch.Frequency);
        var wait = Stopwatch.GetElapsedTime(now, _dueAt);
        return wait > TimeSpan.Zero ? new ValueTask(Task.Delay(wait, cancellationToken)) : ValueTask.CompletedTask;
    }
}
