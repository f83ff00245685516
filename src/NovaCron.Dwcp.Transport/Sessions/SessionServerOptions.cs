using System.Net;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>How a <see cref="SessionServer"/> listens, whom it serves, and its limits.</summary>
public sealed record SessionServerOptions
{
    /// <summary>Where to listen; port 0 lets the system choose.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Any, 7420);

    /// <summary>The server's certificate with its private key.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>Certificates between the server's and the root, sent along.</summary>
    public X509Certificate2Collection? CertificateChain { get; init; }

    /// <summary>Roots for client certificates; without any, client certificates are not asked for.</summary>
    public X509Certificate2Collection? ClientRoots { get; init; }

    /// <summary>
    /// Asked at every handshake when it is set, instead of the three above: a rotated certificate is in use with the next connection, without a restart.
    /// </summary>
    public Func<ServerIdentity>? CurrentIdentity { get; init; }

    /// <summary>Where objects live.</summary>
    public required ObjectStore Store { get; init; }

    /// <summary>Who is who.</summary>
    public required IPrincipalDirectory Principals { get; init; }

    /// <summary>Who speaks which version.</summary>
    public required ITrafficSplit Split { get; init; }

    /// <summary>Who wants to know; nobody by default.</summary>
    public ISessionObserver Observer { get; init; } = NullSessionObserver.Instance;

    /// <summary>Injected faults; none by default.</summary>
    public ISessionFaults Faults { get; init; } = NoSessionFaults.Instance;

    /// <summary>Other ways than TLS to carry v3 sessions; the server starts and disposes them.</summary>
    public IReadOnlyList<Paths.IServerCarrier> Carriers { get; init; } = [];

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Time for TCP accept to authenticated session.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A session in which nothing moves for so long is closed.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whom to offer the bulk path, and how; nobody by default.</summary>
    public DatacenterPolicy? Datacenter { get; init; }

    /// <summary>Most sessions at once.</summary>
    public int MaxSessions { get; init; } = 1024;

    /// <summary>Most connections at once from one address, handshakes included.</summary>
    public int MaxSessionsPerAddress { get; init; } = 256;

    /// <summary>Most entries in one object.</summary>
    public int MaxEntriesPerObject { get; init; } = 10_000_000;
}
