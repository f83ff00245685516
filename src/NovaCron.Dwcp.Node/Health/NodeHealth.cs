using System.Collections.Concurrent;

namespace NovaCron.Dwcp.Node.Health;

/// <summary>
/// Liveness and readiness. Alive: every loop of the node beats. Ready: every condition holds and the node is not leaving.
/// Redis is no condition: it is a cache.
/// </summary>
public sealed class NodeHealth(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Heartbeat> _loops = new();
    private readonly ConcurrentDictionary<string, Func<string?>> _conditions = new();
    private volatile bool _leaving;

    /// <summary>True once the node was told to go: not ready from that moment on.</summary>
    public bool IsLeaving => _leaving;

    /// <summary>Whether every loop is alive.</summary>
    public bool IsAlive => _loops.Values.All(loop => loop.IsAlive);

    /// <summary>Whether work should be sent here.</summary>
    public bool IsReady => !_leaving && IsAlive && !_conditions.IsEmpty && _conditions.Values.All(problem => problem() is null);

    /// <summary>The loops, by name.</summary>
    public IEnumerable<Heartbeat> Loops => _loops.Values.OrderBy(loop => loop.Name, StringComparer.Ordinal);

    /// <summary>Conditions of readiness and why each does not hold, or null where it does.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Conditions =>
        _conditions.OrderBy(condition => condition.Key, StringComparer.Ordinal).Select(condition => KeyValuePair.Create(condition.Key, condition.Value()));

    /// <summary>Adds a loop.</summary>
    /// <param name="name">What it does.</param>
    /// <param name="limit">Longest time between two beats of a healthy loop.</param>
    public Heartbeat AddLoop(string name, TimeSpan limit) => _loops[name] = new Heartbeat(name, limit, time);

    /// <summary>Adds a condition of readiness; <paramref name="problem"/> says why it does not hold now, or null that it does.</summary>
    public void AddCondition(string name, Func<string?> problem) => _conditions[name] = problem;

    /// <summary>The node goes: not ready from now on.</summary>
    public void Leave() => _leaving = true;
}
