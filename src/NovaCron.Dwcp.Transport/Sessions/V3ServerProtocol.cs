namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>DWCP v3 on the node's side (docs/format.md, "Sessions").</summary>
public sealed class V3ServerProtocol : IServerProtocol
{
    /// <summary>The ALPN name of v3.</summary>
    public const string AlpnName = "dwcp/3";

    /// <inheritdoc/>
    public string Alpn => AlpnName;

    /// <inheritdoc/>
    public async Task ServeAsync(Stream tls, ServerSessionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await using var session = new V3ServerSession(tls, context);
        await session.RunAsync(cancellationToken).ConfigureAwait(false);
    }
}
