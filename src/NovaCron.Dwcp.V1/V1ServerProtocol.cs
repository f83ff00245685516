using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.V1;

/// <summary>DWCP v1 on the node's side: one stream, zlib, whole-file SHA-256 (docs/format.md, "Version 1").</summary>
public sealed class V1ServerProtocol : IServerProtocol
{
    /// <summary>The ALPN name of v1.</summary>
    public const string AlpnName = "dwcp/1";

    /// <inheritdoc/>
    public string Alpn => AlpnName;

    /// <inheritdoc/>
    public async Task ServeAsync(Stream tls, ServerSessionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await using var session = new V1ServerSession(tls, context);
        await session.RunAsync(cancellationToken).ConfigureAwait(false);
    }
}
