using NovaCron.Dwcp.Transport.Protocol;
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
    public async Task<SessionAnswer> OpenAsync(Stream tls, SessionOpening opening, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(opening);
        if (!OpenMessage.IsClientId(opening.ClientId))
            throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Client, $"A client id has 1 to {WireLimits.MaxClientId} characters, none of them a control character.");
        var channel = new FrameChannel(tls);
        using (var open = new WireWriter())
        {
            new OpenMessage(opening.Versions, opening.ClientId, opening.ApiKey ?? "", opening.CanaryKey ?? "").Write(open);
            await channel.WriteAsync(FrameType.Open, 0, open, cancellationToken).ConfigureAwait(false);
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        using var reply = await channel.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The node closed the connection instead of answering.");
        if (reply.Type == FrameType.Error) throw ErrorFrame.Read(reply.Payload.Span);
        if (reply.Type != FrameType.OpenReply) throw new DwcpProtocolException($"The node answered Open with {reply.Type}.");
        var version = ReadVersion(reply);
        if (version != 3) return new SessionAnswer(version, null);
        channel.MaxFrameBytes = WireLimits.MaxFrame;
        return new SessionAnswer(3, new V3ClientSession(channel));
    }

    private static int ReadVersion(Frame reply)
    {
        var reader = new WireReader(reply.Payload.Span);
        var version = reader.Count("version", 1000);
        _ = reader.Text("session id", 64);
        _ = reader.Varint(); // feature bits: none is defined
        reader.ExpectEnd("an OpenReply frame");
        return version;
    }
}
