namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>One second of traffic, for charts. Events count in the second in which they happened.</summary>
/// <param name="At">Start of the second.</param>
/// <param name="Sent">Requests begun.</param>
/// <param name="AcknowledgedV1">Requests acknowledged by v1.</param>
/// <param name="AcknowledgedV3">Requests acknowledged by v3.</param>
/// <param name="FailedV1">Attempts failed on v1.</param>
/// <param name="FailedV3">Attempts failed on v3.</param>
/// <param name="Lost">Requests given up or found unreadable.</param>
/// <param name="Bytes">User bytes acknowledged.</param>
/// <param name="P50Milliseconds">Median time to acknowledgement in this second; NaN without data.</param>
/// <param name="P99Milliseconds">99th percentile of the same; NaN without data.</param>
/// <param name="FailedUndecided">Attempts failed before the node had told a version: nobody's in particular.</param>
public sealed record TrafficSecond(
    DateTimeOffset At, int Sent, int AcknowledgedV1, int AcknowledgedV3, int FailedV1, int FailedV3, int Lost, long Bytes,
    double P50Milliseconds, double P99Milliseconds, int FailedUndecided);
