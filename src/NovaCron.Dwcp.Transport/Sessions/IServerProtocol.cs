namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>One version of the protocol on the node's side, chosen by ALPN.</summary>
public interface IServerProtocol
{
    /// <summary>The ALPN name, <c>dwcp/1</c> or <c>dwcp/3</c>.</summary>
    string Alpn { get; }

    /// <summary>
    /// Serves one session until the peer closes, the session is drained, or something breaks. Answers its peer's mistakes itself;
    /// whatever it throws ends this session only and is reported by the server.
    /// </summary>
    Task ServeAsync(Stream tls, ServerSessionContext context, CancellationToken cancellationToken);
}
