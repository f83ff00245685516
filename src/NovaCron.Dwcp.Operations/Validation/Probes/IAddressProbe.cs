using System.Security.Authentication;

namespace NovaCron.Dwcp.Operations.Validation.Probes;

/// <summary>What checks try from this machine against the addresses that clients use.</summary>
internal interface IAddressProbe
{
    /// <summary>A TLS handshake that offers exactly these versions.</summary>
    /// <param name="address">host:port.</param>
    /// <param name="protocols">What is offered.</param>
    /// <param name="serverName">The name that the certificate must be for.</param>
    /// <param name="authority">PEM of the CA that it must chain to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<TlsAttempt> HandshakeAsync(string address, SslProtocols protocols, string serverName, string authority, CancellationToken cancellationToken);

    /// <summary>An HTTP request, with the host that an ingress routes by, whatever address it goes to.</summary>
    /// <param name="address">Where it goes.</param>
    /// <param name="host">The Host header, and the name asked for in TLS.</param>
    /// <param name="method">GET, POST.</param>
    /// <param name="json">The body.</param>
    /// <param name="verify">Whether the certificate must be good.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<HttpAttempt> RequestAsync(Uri address, string host, HttpMethod method, string? json, bool verify, CancellationToken cancellationToken);
}
