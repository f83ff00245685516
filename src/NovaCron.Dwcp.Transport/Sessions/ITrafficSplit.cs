namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Decides which version a client speaks. Called on every session open and on every new request of a v3 session, so it must be quick and thread-safe.</summary>
public interface ITrafficSplit
{
    /// <summary>3 or 1 for this client now; sticky and nested (<see cref="TrafficBucket"/>).</summary>
    int VersionFor(string clientId);

    /// <summary>False: v1 is switched off, and a client that asks for nothing else is told so.</summary>
    bool ServesV1 => true;

    /// <summary>True when the key forces a v3 session for diagnosis, which is labelled <c>canary</c>. Compare in constant time.</summary>
    bool AcceptsCanary(string canaryKey);
}
