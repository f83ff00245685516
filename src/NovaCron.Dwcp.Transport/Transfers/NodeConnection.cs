using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>A TCP connection with TLS 1.3 to a node whose certificate was verified, and the session on it.</summary>
internal sealed class NodeConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly SslStream _tls;

    private NodeConnection(Socket socket, SslStream tls, TimeSpan connectTime)
    {
        _socket = socket;
        _tls = tls;
        ConnectTime = connectTime;
    }

    public TimeSpan ConnectTime { get; }

    public EndPoint? Peer { get; private init; }

    /// <summary>The kernel's TCP sends by a model of the path: loss does not slow it down.</summary>
    public bool UsesBbr { get; private init; }

    public IClientSession? Session { get; private set; }

    /// <summary>What carries the session when it is not this connection.</summary>
    public CarrierConnection? Carrier => (Session as V3ClientSession)?.Carrier;

    /// <summary>One sentence for each way that was considered.</summary>
    public IReadOnlyList<string> Reasons { get; private set; } = [];

    /// <summary>The ways worth trying were tried when the session was opened.</summary>
    public bool WaysWereTried { get; private set; }

    /// <summary>The path as this connection found it.</summary>
    public PathMeasurement? Measure(long? bytes) => Peer is IPEndPoint peer ? new PathMeasurement(peer, ConnectTime, bytes) : null;

    /// <summary>The node's certificate, DER.</summary>
    public byte[] Certificate => _tls.RemoteCertificate?.GetRawCertData() ?? [];

    /// <summary>The connection itself, for a carrier that uses several.</summary>
    public Stream Stream => _tls;

    /// <summary>What the kernel knows about the path now.</summary>
    public TcpPath? ReadPath() => TcpPath.Read(_socket);

    /// <summary>Lets little wait in the socket: for one of several connections that share the work.</summary>
    public void LimitUnsent() => TcpTuning.LimitUnsent(_socket);

    public static async Task<NodeConnection> ConnectAsync(NodeAddress address, TransferRequest request, string alpn, TimeProvider time, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        SslStream? tls = null;
        try
        {
            var start = time.GetTimestamp();
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            DeadPeerDetection.Enable(socket);
            await socket.ConnectAsync(Resolve(address), cancellationToken).ConfigureAwait(false);
            var connectTime = time.GetElapsedTime(start);
            var bbr = connectTime >= PathMeasurement.NearRoundTrip && TcpTuning.PreferBbr(socket);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
            var trust = new ServerTrust(request);
            try
            {
                await tls.AuthenticateAsClientAsync(trust.CreateOptions(alpn), cancellationToken).ConfigureAwait(false);
            }
            catch (AuthenticationException e)
            {
                throw new DwcpTransferException(DwcpErrorCode.UntrustedPeer, DwcpFault.Client, trust.Problem is { } problem
                    ? $"The node at {address.Host}:{address.Port} is not trusted: {problem}."
                    : $"TLS with {address.Host}:{address.Port} failed: {e.Message}", e);
            }

            if (tls.NegotiatedApplicationProtocol.ToString() != alpn)
                throw new DwcpTransferException(DwcpErrorCode.NoCommonVersion, DwcpFault.Client, $"What listens at {address.Host}:{address.Port} does not speak {alpn}.");
            // A lost SYN is repeated after a second, and a busy process sees its answer late: the kernel has measured round trips of its own by now.
            if (TcpPath.Read(socket) is { } path && path.RoundTrip > TimeSpan.Zero && path.RoundTrip < connectTime) connectTime = path.RoundTrip;
            ItpComponent.RecordDecision(connectTime);
            return new NodeConnection(socket, tls, connectTime) { Peer = socket.RemoteEndPoint, UsesBbr = bbr };
        }
        catch (Exception e)
        {
            if (tls is not null) await tls.DisposeAsync().ConfigureAwait(false);
            socket?.Dispose();
            if (e is SocketException or IOException)
                throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"Cannot connect to {address.Host}:{address.Port}: {e.Message}. Check the address, and that the node is up.", e);
            throw;
        }
    }

    /// <returns>The version that the node wants; <see cref="Session"/> is set when it is the one that was opened.</returns>
    public async Task<int> OpenAsync(IClientProtocol protocol, SessionOpening opening, CancellationToken cancellationToken)
    {
        var answer = await protocol.OpenAsync(_tls, opening, cancellationToken).ConfigureAwait(false);
        Session = answer.Session;
        Reasons = opening.Carriers?.Reasons ?? [];
        WaysWereTried = opening.Carriers is { Candidates.Count: > 0 };
        return answer.Version;
    }

    /// <summary>Breaks the running request, so that it goes on elsewhere.</summary>
    public void Abandon(string reason)
    {
        if (Carrier is { } carrier) carrier.Fail(reason);
        else _socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (Session is not null) await Session.DisposeAsync().ConfigureAwait(false);
        await _tls.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    // In a pod, a Service's name is known by its service links even where no DNS answers.
    private static EndPoint Resolve(NodeAddress address)
    {
        if (IPAddress.TryParse(address.Host, out var ip)) return new IPEndPoint(ip, address.Port);
        var link = Environment.GetEnvironmentVariable($"{address.Host.Replace('-', '_').ToUpperInvariant()}_SERVICE_HOST");
        return IPAddress.TryParse(link, out ip) ? new IPEndPoint(ip, address.Port) : new DnsEndPoint(address.Host, address.Port);
    }

    /// <summary>Decides whether to trust the node's certificate: by pin, or by chain and name.</summary>
    private sealed class ServerTrust(TransferRequest request)
    {
        public string? Problem { get; private set; }

        public SslClientAuthenticationOptions CreateOptions(string alpn) => new()
        {
            TargetHost = request.ServerName,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new SslApplicationProtocol(alpn)],
            ClientCertificates = request.ClientCertificate is { } certificate ? [certificate] : null,
            CertificateChainPolicy = ChainPolicy(),
            RemoteCertificateValidationCallback = Validate,
        };

        // Whoever trusts a pin or an authority of his own does not wait until the system's are read: they are hundreds of files.
        private X509ChainPolicy ChainPolicy()
        {
            var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            if (request.Pin is null && request.TrustedCertificates is not { Count: > 0 }) return policy;
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            if (request.TrustedCertificates is { } roots) policy.CustomTrustStore.AddRange(roots);
            return policy;
        }

        private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            Problem = certificate is X509Certificate2 leaf ? Check(leaf, chain, errors) : "it presented no certificate";
            return Problem is null;
        }

        private string? Check(X509Certificate2 leaf, X509Chain? presented, SslPolicyErrors errors)
        {
            if (request.Pin is { } pin)
            {
                var actual = SHA256.HashData(leaf.RawData);
                var expected = Convert.FromHexString(pin.Replace(":", "", StringComparison.Ordinal));
                return CryptographicOperations.FixedTimeEquals(actual, expected) ? null : $"its certificate has SHA-256 {Convert.ToHexString(actual)}, not the pinned one";
            }

            if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0) return $"its certificate ({leaf.Subject}) is not for the name {request.ServerName}";
            if (request.TrustedCertificates is not { Count: > 0 } roots) return errors == SslPolicyErrors.None ? null : "its certificate does not chain to a root of this system; give the CA's certificate or a pin";
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.DisableCertificateDownloads = true; // the addresses would be the peer's choice
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // server authentication
            if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainElements.Select(e => e.Certificate).ToArray());
            if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
            return chain.Build(leaf)
                ? null
                : $"its certificate ({leaf.Subject}) does not chain to the given CA ({string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct())})";
        }
    }
}
