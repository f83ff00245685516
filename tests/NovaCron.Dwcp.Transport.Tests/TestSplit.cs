using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A traffic split that the test turns.</summary>
internal sealed class TestSplit : ITrafficSplit
{
    private volatile int _percent = 100;

    public int Percent
    {
        get => _percent;
        set => _percent = value;
    }

    public int VersionFor(string clientId) => TrafficBucket.VersionFor(clientId, _percent);

    public bool AcceptsCanary(string canaryKey) => canaryKey == "canary-key";
}
