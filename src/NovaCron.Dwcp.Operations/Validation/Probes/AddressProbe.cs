using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NovaCron.Dwcp.Operations.Validation.Probes;

/// <summary>Tries addresses over the network of this machine.</summary>
internal sealed class AddressProbe : IAddressProbe
{
    private const int MaximumBody = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<TlsAttempt> HandshakeAsync(string address, SslProtocols protocols, string serverName, string authority, CancellationToken cancellationToken)
    {
        var colon = address.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(address.AsSpan(colon + 1), out var port))
            return new TlsAttempt(TlsOutcome.Unreachable, "", false, $"'{address}' is no host:port");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var tcp = new TcpClient();
        try
        {
            await tcp.ConnectAsync(address[..colon].Trim('[', ']'), port, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException || IsTimeout(e, cancellationToken))
        {
            return new TlsAttempt(TlsOutcome.Unreachable, "", false, e is SocketException ? e.Message : "no connection in time");
        }

        var trusted = false;
        using var tls = new SslStream(tcp.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = serverName,
                EnabledSslProtocols = protocols,
                // Judged, not obeyed: a handshake with a wrong certificate is a finding, and nothing is sent over it.
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                {
                    trusted = certificate is X509Certificate2 leaf && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && Chains(leaf, chain, authority);
                    return true;
                },
            }, limit.Token).ConfigureAwait(false);
            return new TlsAttempt(TlsOutcome.Established, $"{tls.SslProtocol}, {tls.NegotiatedCipherSuite}", trusted, "");
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return new TlsAttempt(TlsOutcome.Refused, "", false, (e.InnerException ?? e).Message);
        }
        catch (Exception e) when (IsTimeout(e, cancellationToken))
        {
            return new TlsAttempt(TlsOutcome.Unreachable, "", false, "no answer in time");
        }
    }

    public async Task<HttpAttempt> RequestAsync(Uri address, string host, HttpMethod method, string? json, bool verify, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        // An ingress' own certificate is its operator's; a session's answer holds nothing secret.
        if (!verify)
            handler.SslOptions = new SslClientAuthenticationOptions { TargetHost = host, RemoteCertificateValidationCallback = (_, _, _, _) => true };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(method, address);
        request.Headers.Host = host;
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            using var stream = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var buffer = new byte[MaximumBody];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token).ConfigureAwait(false);
            return new HttpAttempt((int)response.StatusCode, Encoding.UTF8.GetString(buffer, 0, length), "");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new HttpAttempt(0, "", e.Message);
        }
        catch (Exception e) when (IsTimeout(e, cancellationToken))
        {
            return new HttpAttempt(0, "", $"no answer within {Patience.TotalSeconds:0} s");
        }
    }

    private static bool IsTimeout(Exception e, CancellationToken caller) => e is OperationCanceledException && !caller.IsCancellationRequested;

    private static bool Chains(X509Certificate2 leaf, X509Chain? sent, string authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authority);
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }
}
