namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Keys that wait for their reconciliation: each at most once, some not before their time.</summary>
internal sealed class WorkQueue(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, DateTimeOffset> _due = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds a key; one that waits already keeps the earlier of both times.</summary>
    public void Add(ObjectKey key, TimeSpan delay = default)
    {
        TaskCompletionSource added;
        lock (_gate)
        {
            var due = time.GetUtcNow() + delay;
            if (_due.TryGetValue(key, out var earlier) && earlier <= due)
            {
                return;
            }
            _due[key] = due;
            (added, _added) = (_added, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        added.SetResult();
    }

    /// <summary>Waits for the next key that is due and takes it out.</summary>
    public async Task<ObjectKey> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task added;
            var wait = Timeout.InfiniteTimeSpan;
            lock (_gate)
            {
                if (_due.Count > 0)
                {
                    var (key, due) = _due.MinBy(static pair => pair.Value);
                    wait = due - time.GetUtcNow();
                    if (wait <= TimeSpan.Zero)
                    {
                        _due.Remove(key);
                        return key;
                    }
                }
                added = _added.Task;
            }
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            // A timer counts whole milliseconds: rounding up avoids a spin just before the time.
            var timer = wait == Timeout.InfiniteTimeSpan ? wait : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(wait.TotalMilliseconds, int.MaxValue)));
            await Task.WhenAny(added, Task.Delay(timer, time, either.Token)).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
