using System.Collections.Concurrent;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>Which ways failed lately, and where: they are not tried again for a while, and then they are, because paths heal.</summary>
internal sealed class CarrierMemory(TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Node, int Carrier), (DateTimeOffset Until, string Reason)> _failures = new();

    /// <summary>A way failed on a path.</summary>
    public void RecordFailure(string node, int carrier, string reason) => _failures[(node, carrier)] = (time.GetUtcNow() + Lifetime, reason);

    /// <summary>A way works again.</summary>
    public void Forget(string node, int carrier) => _failures.TryRemove((node, carrier), out _);

    /// <summary>Why a way is not to be tried on a path now, or null.</summary>
    public string? ReasonToAvoid(string node, int carrier)
    {
        if (!_failures.TryGetValue((node, carrier), out var failure)) return null;
        if (time.GetUtcNow() < failure.Until) return $"it failed here lately and is tried again after {failure.Until:HH:mm:ss}Z: {failure.Reason}";
        _failures.TryRemove(KeyValuePair.Create((node, carrier), failure));
        return null;
    }
}
