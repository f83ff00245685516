namespace NovaCron.Dwcp.Node.Cache;

/// <summary>What a pod tells its siblings about itself.</summary>
/// <param name="Pod">Its name.</param>
/// <param name="Revision">Flag revision in force there.</param>
/// <param name="Effective">Percent in force there.</param>
/// <param name="Ready">Whether it takes work.</param>
/// <param name="SessionsV1">v1 sessions that run there.</param>
/// <param name="SessionsV3">v3 sessions that run there.</param>
/// <param name="At">When it said so, by its own clock.</param>
/// <param name="Address">Its own address in the cluster's network, or null when it was not told (DWCP_POD_IP).</param>
internal sealed record PeerRecord(string Pod, string Revision, int Effective, bool Ready, long SessionsV1, long SessionsV3, DateTimeOffset At, string? Address = null);
