using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class AddressProbeTests
{
    [Fact]
    public async Task A_server_of_TLS_13_is_established_trusted_and_refuses_what_is_older()
    {
        await using var server = new TlsServer(SslProtocols.Tls13);
        var probe = new AddressProbe();
        var token = TestContext.Current.CancellationToken;
        var good = await probe.HandshakeAsync(server.Address, SslProtocols.Tls13, "dwcp-v3", server.Authority, token);
        Assert.Equal((TlsOutcome.Established, true), (good.Outcome, good.IsTrusted));
        Assert.StartsWith("Tls13", good.Protocol);
        Assert.Equal(TlsOutcome.Refused, (await probe.HandshakeAsync(server.Address, SslProtocols.Tls12, "dwcp-v3", server.Authority, token)).Outcome);
        // Another name, another CA: established, and not trusted.
        Assert.False((await probe.HandshakeAsync(server.Address, SslProtocols.Tls13, "somebody", server.Authority, token)).IsTrusted);
        var (other, _) = NodeCertificate.CreateAuthority("other", DateTimeOffset.UtcNow);
        Assert.False((await probe.HandshakeAsync(server.Address, SslProtocols.Tls13, "dwcp-v3", other, token)).IsTrusted);
    }

    [Fact]
    public async Task A_server_of_TLS_12_is_seen()
    {
        await using var server = new TlsServer(SslProtocols.Tls12);
        var attempt = await new AddressProbe().HandshakeAsync(server.Address, SslProtocols.Tls12, "dwcp-v3", server.Authority, TestContext.Current.CancellationToken);
        Assert.Equal(TlsOutcome.Established, attempt.Outcome);
        Assert.StartsWith("Tls12", attempt.Protocol);
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("nowhere")]
    public async Task Nobody_there_is_no_refusal(string address)
    {
        var token = TestContext.Current.CancellationToken;
        Assert.Equal(TlsOutcome.Unreachable, (await new AddressProbe().HandshakeAsync(address, SslProtocols.Tls13, "x", "", token)).Outcome);
        Assert.Equal(0, (await new AddressProbe().RequestAsync(new Uri("http://127.0.0.1:1/"), "x", HttpMethod.Get, null, verify: true, token)).Status);
    }

    private sealed class TlsServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;
        private readonly Task _serving;

        public TlsServer(SslProtocols protocols)
        {
            var (authority, authorityKey) = NodeCertificate.CreateAuthority("test", DateTimeOffset.UtcNow);
            var (chain, key) = NodeCertificate.Issue(authority, authorityKey, ["dwcp-v3"], DateTimeOffset.UtcNow);
            Authority = authority;
            _certificate = X509Certificate2.CreateFromPem(chain, key);
            _listener.Start();
            _serving = ServeAsync(protocols);
        }

        public string Address => _listener.LocalEndpoint.ToString()!;

        public string Authority { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _certificate.Dispose();
        }

        private async Task ServeAsync(SslProtocols protocols)
        {
            try
            {
                while (_listener.Server.IsBound)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var tls = new SslStream(client.GetStream());
                    try
                    {
                        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate, EnabledSslProtocols = protocols });
                        Assert.Equal(0, await tls.ReadAsync(new byte[1]));
                    }
                    catch (Exception e) when (e is AuthenticationException or IOException)
                    {
                        // Refused, as it should be.
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Stopped.
            }
        }
    }
}
