namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>One version of the protocol on the client's side.</summary>
public interface IClientProtocol
{
    /// <summary>1 or 3.</summary>
    int Version { get; }

    /// <summary>The ALPN name offered for it.</summary>
    string Alpn { get; }

    /// <summary>Opens a session on an authenticated TLS stream.</summary>
    /// <returns>The session, or the version that the node wants instead. The session owns the stream; when there is none the caller keeps it.</returns>
    Task<SessionAnswer> OpenAsync(Stream tls, SessionOpening opening, CancellationToken cancellationToken);
}
