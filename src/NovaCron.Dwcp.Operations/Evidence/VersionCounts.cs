namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>Counts of one version between two checks.</summary>
/// <param name="Requests">Requests judged for errors.</param>
/// <param name="Errors">Of those, failed by the server's fault.</param>
/// <param name="Timed">Requests whose duration was counted.</param>
/// <param name="Slow">Of those, slower than the limit.</param>
public readonly record struct VersionCounts(long Requests, long Errors, long Timed, long Slow);
