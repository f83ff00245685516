namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Why v3 must be rolled back.</summary>
/// <param name="Reason">Short word: ErrorRate, SlowRequests, ErrorRateToV1, LatencyToV1, CrashLoop, PodsNotReady, HealthCheck, ComponentHealth, Corruption, MetricsMissing.</param>
/// <param name="Message">One sentence with the numbers.</param>
public sealed record RolloutTrigger(string Reason, string Message);
