using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Accepts connections on the data port, does TLS 1.3, and hands each to the protocol that ALPN chose.</summary>
public sealed class SessionServer : IAsyncDisposable
{
    private const int Backlog = 512;
    private const int PortAttempts = 16;
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(20);

    private readonly SessionServerOptions _options;
    private readonly Dictionary<string, IServerProtocol> _protocols;
    private readonly Func<ServerIdentity> _identity;
    private volatile Tuple<ServerIdentity, SslServerAuthenticationOptions> _tls;
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly ConcurrentDictionary<long, Task> _connections = new();
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private Socket? _listener;
    private IPEndPoint? _localEndPoint;
    private Task _accepting = Task.CompletedTask;
    private long _accepted;
    private int _disposed;

    /// <param name="options">How to listen, whom to serve, limits.</param>
    /// <param name="protocols">The versions spoken, at least one, each with its own ALPN name.</param>
    public SessionServer(SessionServerOptions options, IReadOnlyList<IServerProtocol> protocols)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(protocols);
        if (protocols.Count == 0) throw new ArgumentException("A server speaks at least one protocol.", nameof(protocols));
        _options = options;
        _protocols = protocols.ToDictionary(p => p.Alpn, StringComparer.Ordinal);
        var identity = new ServerIdentity(options.Certificate, options.CertificateChain, options.ClientRoots);
        _identity = options.CurrentIdentity ?? (() => identity);
        _tls = CreateTlsOptions(_identity());
    }

    /// <summary>Where the server listens, with the port that the system chose.</summary>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    public IPEndPoint LocalEndPoint => _localEndPoint ?? throw new InvalidOperationException("The server is not listening.");

    /// <summary>Sessions and handshakes under way.</summary>
    public int ActiveSessions => _connections.Count;

    /// <summary>Binds and begins to accept; returns once connections are accepted.</summary>
    /// <exception cref="DwcpTransferException">The port is taken or the address is not local.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var listener = Bind();
        _listener = listener;
        _localEndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = AcceptAsync(listener);
        return Task.CompletedTask;
    }

    // A carrier may need the same port of another protocol; where the system chooses the port, it may have to choose again.
    private Socket Bind()
    {
        for (var attempt = 1; ; attempt++)
        {
            var listener = Listen();
            try
            {
                foreach (var carrier in _options.Carriers) carrier.Start((IPEndPoint)listener.LocalEndPoint!);
                return listener;
            }
            catch (DwcpTransferException) when (_options.EndPoint.Port == 0 && attempt < PortAttempts)
            {
                listener.Dispose();
            }
            catch
            {
                listener.Dispose();
                throw;
            }
        }
    }

    private Socket Listen()
    {
        var listener = new Socket(_options.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (_options.EndPoint.Address.Equals(IPAddress.IPv6Any)) listener.DualMode = true;
            listener.Bind(_options.EndPoint);
            listener.Listen(Backlog);
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            var what = e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "the port is taken; stop what listens there, or choose another" : e.Message;
            throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Server, $"Cannot listen on {_options.EndPoint}: {what}.", e);
        }
    }

    /// <summary>Takes no new session, tells running ones to finish, and waits for them up to <paramref name="grace"/>; what is still running then is cut (its chunks are safe).</summary>
    /// <returns>Sessions that were cut.</returns>
    public async Task<int> DrainAsync(TimeSpan grace, CancellationToken cancellationToken = default)
    {
        _listener?.Dispose();
        await _draining.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        var start = _options.Time.GetTimestamp();
        while (!_connections.IsEmpty && _options.Time.GetElapsedTime(start) < grace) await Task.Delay(DrainPoll, _options.Time, cancellationToken).ConfigureAwait(false);
        var left = _connections.Count;
        await CutAsync().ConfigureAwait(false);
        return left;
    }

    /// <summary>Cuts everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _listener?.Dispose();
        await _draining.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await CutAsync().ConfigureAwait(false);
        foreach (var carrier in _options.Carriers) await carrier.DisposeAsync().ConfigureAwait(false);
        _draining.Dispose();
        _cut.Dispose();
    }

    private async Task CutAsync()
    {
        await _cut.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_connections.Values).ConfigureAwait(false);
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.InvalidArgument })
            {
                return; // closed by us
            }
            catch (SocketException e)
            {
                // A client that vanished, or no descriptors left: the next one may fare better, but not in a tight loop.
                _options.Observer.ConnectionRefused(null, e.Message);
                await Task.Delay(DrainPoll).ConfigureAwait(false);
                continue;
            }

            var number = ++_accepted;
            var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connections[number] = ServeConnectionAsync(number, socket, begin.Task);
            begin.SetResult();
        }
    }

    private async Task ServeConnectionAsync(long number, Socket socket, Task begin)
    {
        await begin.ConfigureAwait(false); // registered before it can end
        EndPoint? remote = null;
        IPAddress? address = null;
        try
        {
            remote = socket.RemoteEndPoint;
            address = (remote as IPEndPoint)?.Address ?? IPAddress.None;
            var fromThere = _perAddress.AddOrUpdate(address, 1, static (_, n) => n + 1);
            if (_connections.Count > _options.MaxSessions || fromThere > _options.MaxSessionsPerAddress)
            {
                _options.Observer.ConnectionRefused(remote, fromThere > _options.MaxSessionsPerAddress ? "too many connections from this address" : "too many sessions");
                return;
            }

            socket.NoDelay = true;
            DeadPeerDetection.Enable(socket);
            if (TcpPath.Read(socket) is { } path && path.RoundTrip >= Paths.PathMeasurement.NearRoundTrip) TcpTuning.PreferBbr(socket);
            await ServeTlsAsync(socket, remote!).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or DwcpTransferException or SocketException or ObjectDisposedException or IOException)
        {
            // Reported to the observer where it happened; it ends this connection and nothing else.
        }
        catch (Exception e)
        {
            _options.Observer.ConnectionRefused(remote, $"the session failed inside: {e}");
        }
        finally
        {
            socket.Dispose();
            if (address is not null && _perAddress.AddOrUpdate(address, 0, static (_, n) => n - 1) == 0) _perAddress.TryRemove(KeyValuePair.Create(address, 0));
            _connections.TryRemove(number, out _);
        }
    }

    private async Task ServeTlsAsync(Socket socket, EndPoint remote)
    {
        await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false);
        X509Certificate2? client = null;
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token))
        {
            limit.CancelAfter(_options.HandshakeTimeout);
            try
            {
                await tls.AuthenticateAsServerAsync(CurrentTlsOptions(), limit.Token).ConfigureAwait(false);
                client = tls.RemoteCertificate as X509Certificate2;
            }
            catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException or NotSupportedException)
            {
                if (!_cut.IsCancellationRequested) _options.Observer.ConnectionRefused(remote, $"no TLS: {e.Message}");
                return;
            }
        }

        if (!_protocols.TryGetValue(tls.NegotiatedApplicationProtocol.ToString(), out var protocol))
        {
            _options.Observer.ConnectionRefused(remote, "no protocol was negotiated by ALPN");
            return;
        }

        var context = new ServerSessionContext
        {
            Options = _options,
            RemoteEndPoint = remote,
            LocalAddress = (socket.LocalEndPoint as IPEndPoint)?.Address,
            ServerCertificate = tls.LocalCertificate?.GetRawCertData() ?? [],
            ClientCertificate = client,
            PrepareForStripes = () => TcpTuning.LimitUnsent(socket),
            Draining = _draining.Token,
        };
        await protocol.ServeAsync(tls, context, _cut.Token).ConfigureAwait(false);
    }

    /// <summary>The options of the identity of now, built once for each identity. Two connections may both build them; either result serves.</summary>
    private SslServerAuthenticationOptions CurrentTlsOptions()
    {
        var identity = _identity();
        if (!ReferenceEquals(_tls.Item1, identity)) _tls = CreateTlsOptions(identity);
        return _tls.Item2;
    }

    private Tuple<ServerIdentity, SslServerAuthenticationOptions> CreateTlsOptions(ServerIdentity identity) => Tuple.Create(identity, new SslServerAuthenticationOptions
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, identity.Chain, offline: true),
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [.. _protocols.Keys.Select(name => new SslApplicationProtocol(name))],
        ClientCertificateRequired = identity.ClientRoots is { Count: > 0 },
        CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        RemoteCertificateValidationCallback = (_, certificate, presented, _) => certificate is null || ChainsToClientRoot(certificate, presented, identity.ClientRoots!),
    });

    // Nothing is fetched to complete a chain: the address would be the stranger's choice, and the thread would wait for it.
    private static bool ChainsToClientRoot(X509Certificate certificate, X509Chain? presented, X509Certificate2Collection roots)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.2")); // client authentication
        return chain.Build((X509Certificate2)certificate);
    }
}
