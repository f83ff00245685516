using NovaCron.Dwcp.Transport.Protocol;
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
    public async Task<SessionAnswer> OpenAsync(Stream tls, SessionOpening opening, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(opening);
        var stream = new V1Stream(tls);
        using (var hello = new WireWriter())
        {
            hello.Text(opening.ClientId).Text(opening.ApiKey ?? "");
            await stream.WriteAsync(V1Message.Hello, hello.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        await stream.ExpectAsync(V1Message.Welcome, cancellationToken).ConfigureAwait(false);
        return new SessionAnswer(1, new V1ClientSession(stream));
    }
}
