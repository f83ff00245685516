namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>What the clients saw of one protocol version.</summary>
/// <param name="Acknowledged">Requests whose commit was acknowledged by this version.</param>
/// <param name="FailedAttempts">Attempts that ended in an error after this version had been chosen.</param>
/// <param name="P50Milliseconds">Median time from first attempt to acknowledgement, retries included; NaN without data.</param>
/// <param name="P95Milliseconds">95th percentile of the same; NaN without data.</param>
/// <param name="P99Milliseconds">99th percentile of the same; NaN without data.</param>
/// <param name="MaximumMilliseconds">Slowest acknowledged request; NaN without data.</param>
public sealed record TrafficVersionCounts(
    long Acknowledged, long FailedAttempts, double P50Milliseconds, double P95Milliseconds, double P99Milliseconds, double MaximumMilliseconds);
