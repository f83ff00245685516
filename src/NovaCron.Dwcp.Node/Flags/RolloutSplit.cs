using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Flags;

/// <summary>The traffic split in force: sticky, nested buckets below the effective percent. A forced v3 session exists in staging only.</summary>
public sealed class RolloutSplit(RolloutFlag flag, SecretFiles secrets, bool allowsCanary) : ITrafficSplit
{
    /// <inheritdoc/>
    public int VersionFor(string clientId) => TrafficBucket.VersionFor(clientId, flag.State.Effective);

    /// <inheritdoc/>
    public bool ServesV1 => flag.State.ServesV1;

    /// <inheritdoc/>
    public bool AcceptsCanary(string canaryKey) => allowsCanary && secrets.Current.IsDiagnosticsKey(canaryKey);
}
