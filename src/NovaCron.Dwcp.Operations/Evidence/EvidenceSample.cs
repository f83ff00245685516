namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>What happened between two checks, over all pods: differences of counters, never gauges.</summary>
/// <param name="V3">Requests of v3.</param>
/// <param name="V1">Requests of v1 in the same time: the concurrent control. Null when it had none.</param>
/// <param name="V3Latency">Latencies of v3; null when they are not known.</param>
/// <param name="V1Latency">Latencies of v1 in the same time; null when they are not known.</param>
public sealed record EvidenceSample(VersionCounts V3, VersionCounts? V1, LatencyCounts? V3Latency = null, LatencyCounts? V1Latency = null);
