namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>
/// How long to wait before the next try: the first is free, then the delay doubles from <paramref name="initial"/> to five minutes, and ten
/// quiet minutes forget it all. Source: the kubelet's MaxContainerBackOff and flowcontrol.Backoff.
/// </summary>
internal sealed class RestartBackOff(TimeSpan initial)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private TimeSpan _delay;
    private DateTimeOffset _lastTry;

    /// <summary>The delay that applies after something went wrong at <paramref name="failedAt"/>; also advances to the next one.</summary>
    public TimeSpan Next(DateTimeOffset startedAt, DateTimeOffset failedAt)
    {
        if (failedAt - (startedAt > _lastTry ? startedAt : _lastTry) > Longest * 2)
        {
            _delay = TimeSpan.Zero;
        }
        var current = _delay;
        _delay = _delay == TimeSpan.Zero ? initial : _delay * 2 > Longest ? Longest : _delay * 2;
        _lastTry = failedAt + current;
        return current;
    }

    /// <summary>A duration in Go's notation, as messages show it: <c>10s</c>, <c>1m20s</c>.</summary>
    public static string Format(TimeSpan delay) =>
        delay < TimeSpan.FromMinutes(1) ? $"{delay.TotalSeconds:0.###}s" : $"{(int)delay.TotalMinutes}m{delay.Seconds}s";
}
