using NovaCron.Dwcp.Transport.Paths;
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
        var message = new OpenMessage(opening.Versions, opening.ClientId, opening.ApiKey ?? "", opening.CanaryKey ?? "", WireLimits.BulkFeature);
        using (var open = new WireWriter())
        {
            message.Write(open);
            await channel.WriteAsync(FrameType.Open, 0, open, cancellationToken).ConfigureAwait(false);
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        var (version, sessionId, features) = await ReadReplyAsync(channel, cancellationToken).ConfigureAwait(false);
        if (version != 3) return new SessionAnswer(version, null);
        channel.MaxFrameBytes = WireLimits.MaxFrame;
        if (opening.Carriers is not { Candidates.Count: > 0 } plan) return new SessionAnswer(3, new V3ClientSession(channel, (features & WireLimits.BulkFeature) != 0));
        var negotiation = CarrierNegotiation.Describe(message, sessionId, features, plan.Certificate);
        foreach (var carrier in plan.Candidates)
        {
            if ((features >> carrier.Number & 1) == 0)
            {
                plan.Reasons.Add($"{carrier.Name}: this node does not offer it");
                continue;
            }

            if (await TryConnectAsync(channel, carrier, plan, negotiation, cancellationToken).ConfigureAwait(false) is { } connection)
                {
                ItpComponent.RecordCarried();
                return new SessionAnswer(3, new V3ClientSession(channel, connection, reason => plan.Failed(carrier, reason)));
            }
        }

        return new SessionAnswer(3, new V3ClientSession(channel, (features & WireLimits.BulkFeature) != 0));
    }

    private static async Task<CarrierConnection?> TryConnectAsync(
        FrameChannel channel, IClientCarrier carrier, CarrierPlan plan, byte[] negotiation, CancellationToken cancellationToken)
    {
        var tlsBroke = false;
        try
        {
            return await carrier.ConnectAsync(
                new ClientCarrierRequest
                {
                    Path = plan.Path,
                    Negotiation = negotiation,
                    Parallelism = plan.Parallelism,
                    ConnectTlsAsync = plan.ConnectTlsAsync,
                    ExchangeAsync = async (offer, cancel) =>
                    {
                        tlsBroke = true;
                        var answer = await ExchangeAsync(channel, carrier.Number, offer, cancel).ConfigureAwait(false);
                        tlsBroke = false;
                        return answer.Accepted ?? throw new DwcpTransferException(DwcpErrorCode.NotPermitted, DwcpFault.Server, $"the node refuses: {answer.Refusal}");
                    },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (!tlsBroke)
        {
            plan.Reasons.Add($"{carrier.Name}: failed, {e.Message}");
            plan.Failed(carrier, e.Message);
            return null;
        }
    }

    private static async Task<(ReadOnlyMemory<byte>? Accepted, string Refusal)> ExchangeAsync(FrameChannel channel, int number, ReadOnlyMemory<byte> offer, CancellationToken cancellationToken)
    {
        using (var message = new WireWriter())
        {
            message.Number(number).Bytes(offer.Span);
            await channel.WriteAsync(FrameType.Carrier, 0, message, cancellationToken).ConfigureAwait(false);
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        using var reply = await channel.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The node closed the connection instead of answering.");
        if (reply.Type == FrameType.Error) throw ErrorFrame.Read(reply.Payload.Span);
        if (reply.Type == FrameType.GoAway) throw new DwcpTransferException(DwcpErrorCode.Draining, DwcpFault.Client, "The node is shutting down.");
        if (reply.Type != FrameType.CarrierReply) throw new DwcpProtocolException($"The node answered the offer of a carrier with {reply.Type}.");
        return ReadAnswer(reply, number);
    }

    private static (ReadOnlyMemory<byte>? Accepted, string Refusal) ReadAnswer(Frame reply, int number)
    {
        var reader = new WireReader(reply.Payload.Span);
        if (reader.Count("carrier", 31) != number) throw new DwcpProtocolException("The node answered for another carrier than was offered.");
        if (reader.Byte() == 1) return (reader.Bytes(Math.Min(reader.Remaining, WireLimits.MaxCarrierMessage)).ToArray(), "");
        return (null, reader.Text("message", WireLimits.MaxMessage));
    }

    private static async Task<(int Version, string SessionId, ulong Features)> ReadReplyAsync(FrameChannel channel, CancellationToken cancellationToken)
    {
        using var reply = await channel.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The node closed the connection instead of answering.");
        if (reply.Type == FrameType.Error) throw ErrorFrame.Read(reply.Payload.Span);
        if (reply.Type != FrameType.OpenReply) throw new DwcpProtocolException($"The node answered Open with {reply.Type}.");
        return ReadReply(reply);
    }

    private static (int Version, string SessionId, ulong Features) ReadReply(Frame reply)
    {
        var reader = new WireReader(reply.Payload.Span);
        var version = reader.Count("version", 1000);
        var sessionId = reader.Text("session id", 64);
        var features = reader.Varint(); // one bit for each carrier that the node has, one for the bulk path; unknown ones are ignored
        reader.ExpectEnd("an OpenReply frame");
        return (version, sessionId, features);
    }
}
