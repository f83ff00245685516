using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Metrics;

/// <summary>Sessions by version label: how many began since the start, how many run.</summary>
public sealed class SessionCounts
{
    /// <summary>The labels, in the order of the arrays below.</summary>
    public static IReadOnlyList<string> Labels { get; } = [VersionLabel.V1, VersionLabel.V3, VersionLabel.Canary];

    private readonly long[] _started = new long[3];
    private readonly long[] _active = new long[3];

    /// <summary>Sessions that began since the start of the process.</summary>
    public long Started(string label) => Interlocked.Read(ref _started[IndexOf(label)]);

    /// <summary>Sessions that run.</summary>
    public long Active(string label) => Interlocked.Read(ref _active[IndexOf(label)]);

    internal void Begin(string label)
    {
        Interlocked.Increment(ref _started[IndexOf(label)]);
        Interlocked.Increment(ref _active[IndexOf(label)]);
    }

    internal void End(string label) => Interlocked.Decrement(ref _active[IndexOf(label)]);

    private static int IndexOf(string label) => label switch
    {
        VersionLabel.V1 => 0,
        VersionLabel.V3 => 1,
        VersionLabel.Canary => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(label), label, "A version label is v1, v3 or canary."),
    };
}
