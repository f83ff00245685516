using System.Net;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Accepts connections on the data port, does TLS 1.3, and hands each to the protocol that ALPN chose.</summary>
public sealed class SessionServer : IAsyncDisposable
{
    private readonly SessionServerOptions _options;
    private readonly IReadOnlyList<IServerProtocol> _protocols;

    /// <param name="options">How to listen, whom to serve, limits.</param>
    /// <param name="protocols">The versions spoken, at least one, each with its own ALPN name.</param>
    public SessionServer(SessionServerOptions options, IReadOnlyList<IServerProtocol> protocols)
    {
        _options = options;
        _protocols = protocols;
    }

    /// <summary>Where the server listens, with the port that the system chose.</summary>
    public IPEndPoint LocalEndPoint => throw new NotImplementedException(_protocols.Count.ToString());

    /// <summary>Sessions and handshakes under way.</summary>
    public int ActiveSessions => 0;

    /// <summary>Binds and begins to accept; returns once connections are accepted.</summary>
    /// <exception cref="DwcpTransferException">The port is taken or the address is not local.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException(_options.ToString());

    /// <summary>Takes no new session, tells running ones to finish, and waits for them up to <paramref name="grace"/>; what is still running then is cut (its chunks are safe).</summary>
    /// <returns>Sessions that were cut.</returns>
    public Task<int> DrainAsync(TimeSpan grace, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Cuts everything.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
