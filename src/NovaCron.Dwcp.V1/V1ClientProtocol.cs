using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.V1;

/// <summary>DWCP v1 on the client's side.</summary>
public sealed class V1ClientProtocol : IClientProtocol
{
    /// <inheritdoc/>
    public int Version => 1;

    /// <inheritdoc/>
    public string Alpn => V1ServerProtocol.AlpnName;

    /// <inheritdoc/>
    public Task<SessionAnswer> OpenAsync(Stream tls, SessionOpening opening, CancellationToken cancellationToken) => throw new NotImplementedException();
}
