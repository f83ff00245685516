namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>The generator's counts at one moment. <c>Sent = Acknowledged + Unacknowledged + InFlight</c> always holds.</summary>
public sealed record TrafficSnapshot
{
    /// <summary>When the counts were read.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Time since the first request.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Target rate now, in requests per second.</summary>
    public required double Rate { get; init; }

    /// <summary>Requests begun.</summary>
    public required long Sent { get; init; }

    /// <summary>Requests whose commit the node acknowledged in time.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Requests still under way.</summary>
    public required long InFlight { get; init; }

    /// <summary>Second and later attempts.</summary>
    public required long Retried { get; init; }

    /// <summary>Attempts that ended in an error, the retried ones included.</summary>
    public required long FailedAttempts { get; init; }

    /// <summary>Those of the failed attempts that ended before the node had told a version.</summary>
    public required long FailedUndecided { get; init; }

    /// <summary>Requests given up: not acknowledged within the limit, retries included. Each is lost.</summary>
    public required long Unacknowledged { get; init; }

    /// <summary>Acknowledged objects that were read back and were equal to what was sent.</summary>
    public required long Verified { get; init; }

    /// <summary>Acknowledged objects that could not be read back, or were not what was sent. Each is lost.</summary>
    public required long Unreadable { get; init; }

    /// <summary>Requests lost in either way.</summary>
    public long Lost => Unacknowledged + Unreadable;

    /// <summary>Arrivals that had to wait because the concurrency limit was reached: the generator, not the node, was the bottleneck.</summary>
    public required long Delayed { get; init; }

    /// <summary>User bytes of acknowledged requests.</summary>
    public required long AcknowledgedBytes { get; init; }

    /// <summary>What was seen of v1.</summary>
    public required TrafficVersionCounts V1 { get; init; }

    /// <summary>What was seen of v3.</summary>
    public required TrafficVersionCounts V3 { get; init; }

    /// <summary>The last few failures, newest last, as the clients saw them.</summary>
    public required IReadOnlyList<TrafficFailure> RecentFailures { get; init; }
}
