namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>What happened between two checks, over all pods: differences of counters, never gauges.</summary>
/// <param name="V3">Requests of v3.</param>
/// <param name="V1">Requests of v1 in the same time: the concurrent control. Null when it had none.</param>
/// <param name="V3Latency">Latencies of v3; null when they are not known.</param>
/// <param name="V1Latency">Latencies of v1 in the same time; null when they are not known.</param>
/// <param name="Slice">
/// Part of the usual time between checks that it covers, above 0 and at most 1. Checks that come faster while evidence grows see the same clients in thinner
/// slices: taken as independent, these rolled back 3 of 100 days with clustered errors within the limit.
/// </param>
public sealed record EvidenceSample(VersionCounts V3, VersionCounts? V1, LatencyCounts? V3Latency = null, LatencyCounts? V1Latency = null, double Slice = 1)
{
    /// <summary>As many requests as the usual time between checks would have brought.</summary>
    internal long WholeCheck(long requests) => (long)Math.Ceiling(requests / Math.Clamp(Slice, 0.01, 1));
}
