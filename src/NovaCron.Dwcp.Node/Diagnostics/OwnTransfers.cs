using System.Net;
using System.Security.Cryptography;
using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>Requests of this pod to its own data port and to those of its siblings, which show the certificate of the same Secret and know the same key.</summary>
internal sealed class OwnTransfers(SecretFiles secrets, Func<IPEndPoint> dataEndPoint)
{
    /// <summary>An address on which this pod's own data port answers.</summary>
    public IPAddress OwnAddress => dataEndPoint().Address is var own && own.Equals(IPAddress.Any) ? IPAddress.Loopback : own.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : own;

    /// <summary>A request for an object that nobody else names.</summary>
    public TransferRequest To(IPAddress address, string canaryKey) => new()
    {
        Remote = new Uri($"dwcp://{new IPEndPoint(address, dataEndPoint().Port)}/benchmark/{Guid.NewGuid():n}"),
        ClientId = "dwcp-diagnostics",
        ApiKey = secrets.OwnApiKey,
        CanaryKey = canaryKey,
        Pin = Convert.ToHexString(SHA256.HashData(secrets.Current.Certificate.RawData)),
        GiveUpAfter = TimeSpan.FromSeconds(10),
    };
}
