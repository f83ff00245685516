namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>A clock that stands still until a test moves it. Timers fire on the thread that moves it, in order of their due times.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<ManualTimer> _timers = [];
    private readonly Lock _gate = new();
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _ticks;

    /// <summary>Added to wall time only: a clock jump leaves the monotonic clock alone.</summary>
    public TimeSpan WallOffset { get; set; }

    /// <summary>True where the code under test also waits for real files: real time passes between two steps, so that they keep up.</summary>
    public bool Patient { get; init; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _now + WallOffset;
    }

    public override long GetTimestamp()
    {
        lock (_gate) return _ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        long end;
        lock (_gate) end = _ticks + by.Ticks;
        while (true)
        {
            ManualTimer? next;
            lock (_gate)
            {
                next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                var to = next?.Due ?? end;
                if (to > _ticks)
                {
                    _now += TimeSpan.FromTicks(to - _ticks);
                    _ticks = to;
                }
                if (next is null) return;
                _timers.Remove(next);
            }
            next.Fire();
        }
    }

    /// <summary>Moves the clock until the task is done; fails when that takes more than <paramref name="limit"/> of its time.</summary>
    public async Task<T> RunAsync<T>(Task<T> task, TimeSpan? limit = null)
    {
        await RunAsync((Task)task, limit);
        return await task;
    }

    public async Task RunAsync(Task task, TimeSpan? limit = null)
    {
        var step = TimeSpan.FromMilliseconds(50);
        var left = limit ?? TimeSpan.FromMinutes(30);
        while (!task.IsCompleted && left > TimeSpan.Zero)
        {
            // Whatever went to the thread pool gets its turn before time goes on.
            for (var i = 0; i < 20 && !task.IsCompleted; i++) await Task.Yield();
            if (Patient) await Task.WhenAny(task, Task.Delay(2));
            if (task.IsCompleted) break;
            Advance(step);
            left -= step;
        }
        Assert.True(task.IsCompleted, "The task did not end in time.");
        await task;
    }

    private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = owner._ticks + dueTime.Ticks;
                owner._timers.Add(this);
            }
            return true;
        }

        public void Fire()
        {
            if (_period > TimeSpan.Zero) Change(_period, _period);
            callback(state);
        }

        public void Dispose()
        {
            lock (owner._gate) owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
