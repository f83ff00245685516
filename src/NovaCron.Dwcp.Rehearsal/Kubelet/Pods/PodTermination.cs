namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>The end of a pod: asked for, then forced when its grace period is over. The period can be shortened, never extended.</summary>
internal sealed class PodTermination(TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _requested = new();
    private readonly CancellationTokenSource _expired = new();
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private DateTimeOffset _deadline = DateTimeOffset.MaxValue;

    /// <summary>Cancelled when the pod has to end.</summary>
    public CancellationToken Requested => _requested.Token;

    /// <summary>Cancelled when it has to end at once.</summary>
    public CancellationToken Expired => _expired.Token;

    /// <summary>Asks the pod to end within <paramref name="grace"/>.</summary>
    public void Begin(TimeSpan grace)
    {
        var deadline = time.GetUtcNow() + grace;
        lock (_gate)
        {
            if (deadline < _deadline)
            {
                _deadline = deadline;
                _timer?.Dispose();
                _timer = time.CreateTimer(static expired => ((CancellationTokenSource)expired!).Cancel(), _expired, grace, Timeout.InfiniteTimeSpan);
            }
        }
        _requested.Cancel();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _timer?.Dispose();
        }
        // The sources are left to the collector: a timer's callback may still be on its way.
    }
}
