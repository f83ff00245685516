using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>A running transfer at one moment; reported about five times a second and at the end.</summary>
public sealed record TransferProgress
{
    private static readonly TimeSpan LongestEstimate = TimeSpan.FromDays(365);

    /// <summary>User bytes that are safe at the receiver.</summary>
    public required long UserBytes { get; init; }

    /// <summary>User bytes in all, or null while unknown.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Protocol bytes in both directions.</summary>
    public required long WireBytes { get; init; }

    /// <summary>Entries handled.</summary>
    public required long Entries { get; init; }

    /// <summary>User bytes a second over the last seconds.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>Percent of the user bytes so far that did not have to travel, 0..100; negative when the protocol cost more than it saved.</summary>
    public required double PercentSaved { get; init; }

    /// <summary>Time left at the present rate, or null while unknown: also of a transfer that stands still.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>The version spoken now, or 0 while connecting.</summary>
    public int Version { get; init; }

    /// <summary>How far the bytes are believed; a bulk transfer is verified before its digest followed.</summary>
    public BulkStatus Status { get; init; }

    /// <summary>Number of this attempt, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Time that so many bytes take; null where the rate (of a path that is down, close to 0) says nothing that anybody would wait for.</summary>
    internal static TimeSpan? Estimate(long bytes, double rate)
    {
        var seconds = Math.Max(0, bytes) / rate;
        return seconds <= LongestEstimate.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
