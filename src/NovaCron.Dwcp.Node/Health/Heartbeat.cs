namespace NovaCron.Dwcp.Node.Health;

/// <summary>The pulse of one loop. Each turn of the loop beats; a loop that stopped beating is dead, whatever the reason.</summary>
public sealed class Heartbeat
{
    private readonly TimeProvider _time;
    private long _last;

    internal Heartbeat(string name, TimeSpan limit, TimeProvider time)
    {
        Name = name;
        Limit = limit;
        _time = time;
        _last = time.GetTimestamp();
    }

    /// <summary>What the loop does.</summary>
    public string Name { get; }

    /// <summary>Longest time between beats of a loop that is alive.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Time since the last beat.</summary>
    public TimeSpan Age => _time.GetElapsedTime(Interlocked.Read(ref _last));

    /// <summary>Whether the loop is alive.</summary>
    public bool IsAlive => Age <= Limit;

    /// <summary>Called by the loop.</summary>
    public void Beat() => Interlocked.Exchange(ref _last, _time.GetTimestamp());
}
