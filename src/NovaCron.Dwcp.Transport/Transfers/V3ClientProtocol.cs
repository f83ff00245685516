using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>DWCP v3 on the client's side (docs/format.md, "Sessions").</summary>
public sealed class V3ClientProtocol : IClientProtocol
{
    /// <inheritdoc/>
    public int Version => 3;

    /// <inheritdoc/>
    public string Alpn => V3ServerProtocol.AlpnName;

    /// <inheritdoc/>
    public Task<SessionAnswer> OpenAsync(Stream tls, SessionOpening opening, CancellationToken cancellationToken) => throw new NotImplementedException();
}
