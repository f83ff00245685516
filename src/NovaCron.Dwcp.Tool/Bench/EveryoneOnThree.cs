using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Tool.Bench;

/// <summary>A benchmark's traffic is all v3.</summary>
internal sealed class EveryoneOnThree : ITrafficSplit
{
    public int VersionFor(string clientId) => 3;

    public bool AcceptsCanary(string key) => false;
}
