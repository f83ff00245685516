namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>
/// A version that this node does not speak any more. Its name is still negotiated and the connection closed at once: a client takes that for a node that
/// went away and tries again, on a sibling that may still speak it, where a failed TLS handshake would look like a wrong certificate and end the transfer.
/// </summary>
/// <param name="alpn">The version's ALPN name.</param>
public sealed class RetiredServerProtocol(string alpn) : IServerProtocol
{
    /// <inheritdoc/>
    public string Alpn => alpn;

    /// <inheritdoc/>
    public Task ServeAsync(Stream tls, ServerSessionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Observer.ConnectionRefused(context.RemoteEndPoint, $"{alpn} is not spoken here any more");
        return Task.CompletedTask;
    }
}
