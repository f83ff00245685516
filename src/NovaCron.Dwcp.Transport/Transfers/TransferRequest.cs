using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>One transfer: where, as whom, how. The source or sink is given to <see cref="TransferClient"/> beside it.</summary>
public sealed record TransferRequest
{
    /// <summary>The node's default data port.</summary>
    public const int DefaultPort = 7420;

    /// <summary>The object on a node: <c>dwcp://host[:port]/path</c>.</summary>
    public required Uri Remote { get; init; }

    /// <summary>1 to 256 characters; the traffic split hangs on it, so keep it from transfer to transfer.</summary>
    public required string ClientId { get; init; }

    /// <summary>The API key. Never logged.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The client certificate with its private key, instead of an API key.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Opens the session without any credential, which every node refuses: for proving just that. Otherwise a request without one is not even sent.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Roots that the node's certificate must chain to; null for the system's.</summary>
    public X509Certificate2Collection? TrustedCertificates { get; init; }

    /// <summary>SHA-256 of the node's certificate (DER), hexadecimal: trusts exactly that certificate, whatever its chain and name.</summary>
    public string? Pin { get; init; }

    /// <summary>Name that the node's certificate must carry.</summary>
    public string ServerName { get; init; } = "dwcp-v3";

    /// <summary>The codec's level.</summary>
    public DwcpLevel Level { get; init; } = DwcpLevel.Store;

    /// <summary>The versions to offer.</summary>
    public IReadOnlyList<int> Versions { get; init; } = [1, 3];

    /// <summary>The diagnostics key that forces a v3 session, or null.</summary>
    public string? CanaryKey { get; init; }

    /// <summary>False sends everything again, whatever the receiver has.</summary>
    public bool Resume { get; init; } = true;

    /// <summary>Most bytes a second; null for as fast as it goes.</summary>
    public long? MaxRate { get; init; }

    /// <summary>Which ways of carrying the session may be used.</summary>
    public Paths.TransferMode Mode { get; init; } = Paths.TransferMode.Auto;

    /// <summary>How the transfer stands to others on its path. Background holds over UDP, both ways; TCP takes the kernel's share.</summary>
    public AcpProfile Profile { get; init; }

    /// <summary>Connections to use where the way uses several, 1 to 64; null for its own choice.</summary>
    public int? Parallelism { get; init; }

    /// <summary>True closes the session after the request; false keeps it for the client's next request to the same node.</summary>
    public bool FreshSession { get; init; }

    /// <summary>Give up when so long passed without any progress, retries included.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Limit for connecting, TLS and opening a session, each attempt.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts that end without progress on v3 before v1 alone is offered, if <see cref="Versions"/> has it.</summary>
    public int AttemptsBeforeV1 { get; init; } = 3;

    /// <summary>The wish for the bulk path of a datacentre; null stays on the session, unless <see cref="Mode"/> is Datacenter. Only for a single file, and where the node's policy allows it.</summary>
    public DatacenterRequest? Datacenter { get; init; }

    /// <summary>Hears of every attempt that failed and will be made again.</summary>
    public Action<TransferAttempt>? AttemptFailed { get; init; }

    /// <summary>Names no credential.</summary>
    public override string ToString() => $"{Remote} as client {ClientId}";
}
