using System.Net;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>What a protocol needs to serve one session.</summary>
public sealed class ServerSessionContext
{
    /// <summary>The server's options.</summary>
    public required SessionServerOptions Options { get; init; }

    /// <summary>The peer's address.</summary>
    public required EndPoint RemoteEndPoint { get; init; }

    /// <summary>The certificate that this server presented, DER; empty where there was no TLS.</summary>
    public ReadOnlyMemory<byte> ServerCertificate { get; init; }

    /// <summary>The address of this side of the connection, where the peer can reach this very process; null when unknown.</summary>
    public IPAddress? LocalAddress { get; init; }

    /// <summary>The peer's certificate when it presented one; it proves possession, who it is says <see cref="IPrincipalDirectory"/>.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Tells the kernel that this connection is one of several that share the work.</summary>
    internal Action PrepareForStripes { get; init; } = static () => { };

    /// <summary>Cancelled when the server drains: take no new request, finish or checkpoint the running ones.</summary>
    public CancellationToken Draining { get; init; }

    /// <summary>Where objects live.</summary>
    public ObjectStore Store => Options.Store;

    /// <summary>Who is who.</summary>
    public IPrincipalDirectory Principals => Options.Principals;

    /// <summary>Who speaks which version now.</summary>
    public ITrafficSplit Split => Options.Split;

    /// <summary>Who wants to know.</summary>
    public ISessionObserver Observer => Options.Observer;

    /// <summary>Injected faults; none outside of rehearsals.</summary>
    public ISessionFaults Faults => Options.Faults;

    /// <summary>The clock.</summary>
    public TimeProvider Time => Options.Time;
}
