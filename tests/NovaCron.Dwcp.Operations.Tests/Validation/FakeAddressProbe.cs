using System.Security.Authentication;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>Addresses that behave as they should, unless a test says otherwise.</summary>
internal sealed class FakeAddressProbe : IAddressProbe
{
    public Func<SslProtocols, TlsAttempt, TlsAttempt>? BreakTls { get; set; }

    public Func<Uri, HttpAttempt, HttpAttempt>? BreakHttp { get; set; }

    public Task<TlsAttempt> HandshakeAsync(string address, SslProtocols protocols, string serverName, string authority, CancellationToken cancellationToken)
    {
        var attempt = protocols == SslProtocols.Tls13 ? new TlsAttempt(TlsOutcome.Established, "Tls13, TLS_AES_256_GCM_SHA384", true, "") : new TlsAttempt(TlsOutcome.Refused, "", false, "protocol version");
        return Task.FromResult(BreakTls?.Invoke(protocols, attempt) ?? attempt);
    }

    public Task<HttpAttempt> RequestAsync(Uri address, string host, HttpMethod method, string? json, bool verify, CancellationToken cancellationToken)
    {
        var attempt = new HttpAttempt(200, """{"version":1,"address":"10.0.0.7:7420"}""", "");
        return Task.FromResult(BreakHttp?.Invoke(address, attempt) ?? attempt);
    }
}
