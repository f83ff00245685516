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
        var message = new OpenMessage(opening.Versions, opening.ClientId, opening.ApiKey ?? "", opening.CanaryKey ?? "", WireLimits.BulkFeature | WireLimits.ResemblanceFeature);
        using (var open = new WireWriter())
        {
            message.Write(open);
            await channel.WriteAsync(FrameType.Open, 0, open, cancellationToken).ConfigureAwait(false);
        }

        var plan = opening.Carriers;
        var reply = new OpenReply(channel, message, plan?.Certificate ?? []);
        if (plan is { Candidates: [var first, ..] })
        {
            // The first offer goes along with Open: a round trip less. A node that sends us to another version does not read it.
            if (await TryConnectAsync(reply, first, plan, cancellationToken).ConfigureAwait(false) is { } connection) return Carried(reply, connection, first, plan);
        }

        await reply.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (reply.Version != 3) return new SessionAnswer(reply.Version, null);
        foreach (var carrier in plan?.Candidates.Skip(1) ?? [])
        {
            if (!reply.Has(carrier)) plan!.Reasons.Add($"{carrier.Name}: this node does not offer it");
            else if (await TryConnectAsync(reply, carrier, plan!, cancellationToken).ConfigureAwait(false) is { } connection) return Carried(reply, connection, carrier, plan!);
        }

        return new SessionAnswer(3, new V3ClientSession(channel, reply.Features));
    }

    private static SessionAnswer Carried(OpenReply reply, CarrierConnection connection, IClientCarrier carrier, CarrierPlan plan)
    {
        ItpComponent.RecordCarried();
        return new SessionAnswer(3, new V3ClientSession(reply.Channel, reply.Features, connection, reason => plan.Failed(carrier, reason)));
    }

    private static async Task<CarrierConnection?> TryConnectAsync(OpenReply reply, IClientCarrier carrier, CarrierPlan plan, CancellationToken cancellationToken)
    {
        var tlsBroke = false;
        try
        {
            return await carrier.ConnectAsync(
                new ClientCarrierRequest
                {
                    Path = plan.Path,
                    Negotiation = () => reply.Negotiation,
                    Parallelism = plan.Parallelism,
                    TcpModelsPath = plan.TcpModelsPath,
                    Profile = plan.Profile,
                    ConnectTlsAsync = plan.ConnectTlsAsync,
                    ExchangeAsync = async (offer, cancel) =>
                    {
                        tlsBroke = true;
                        var answer = await ExchangeAsync(reply, carrier, offer, cancel).ConfigureAwait(false);
                        tlsBroke = false;
                        return answer.Accepted ?? throw new DwcpTransferException(DwcpErrorCode.NotPermitted, DwcpFault.Server, answer.Refusal);
                    },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (!tlsBroke)
        {
            if (reply.Version != 3) return null;
            if (!reply.Has(carrier))
            {
                plan.Reasons.Add($"{carrier.Name}: this node does not offer it");
                return null;
            }

            plan.Reasons.Add($"{carrier.Name}: failed, {e.Message}");
            plan.Failed(carrier, e.Message);
            return null;
        }
    }

    private static async Task<(ReadOnlyMemory<byte>? Accepted, string Refusal)> ExchangeAsync(OpenReply open, IClientCarrier carrier, ReadOnlyMemory<byte> offer, CancellationToken cancellationToken)
    {
        var number = carrier.Number;
        var channel = open.Channel;
        using (var message = new WireWriter())
        {
            message.Number(number).Bytes(offer.Span);
            await channel.WriteAsync(FrameType.Carrier, 0, message, cancellationToken).ConfigureAwait(false);
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        await open.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (open.Version != 3) return (null, $"the node speaks version {open.Version} with this client");
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
        return (null, $"the node refuses: {reader.Text("message", WireLimits.MaxMessage)}");
    }

    /// <summary>The node's answer to Open, read when it is first needed.</summary>
    private sealed class OpenReply(FrameChannel channel, OpenMessage message, byte[] certificate)
    {
        private bool _read;

        public FrameChannel Channel => channel;

        public int Version { get; private set; }

        /// <summary>One bit for each carrier that the node has, one each for the bulk path and resemblance; unknown ones are ignored.</summary>
        public ulong Features { get; private set; }

        public ReadOnlyMemory<byte> Negotiation { get; private set; }

        public bool Has(IClientCarrier carrier) => (Features >> carrier.Number & 1) != 0;

        public async Task ReadAsync(CancellationToken cancellationToken)
        {
            if (_read) return;
            _read = true;
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            using var reply = await channel.ReadAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The node closed the connection instead of answering.");
            if (reply.Type == FrameType.Error) throw ErrorFrame.Read(reply.Payload.Span);
            if (reply.Type != FrameType.OpenReply) throw new DwcpProtocolException($"The node answered Open with {reply.Type}.");
            Parse(reply);
            if (Version == 3) channel.MaxFrameBytes = WireLimits.MaxFrame;
        }

        private void Parse(Frame reply)
        {
            var reader = new WireReader(reply.Payload.Span);
            Version = reader.Count("version", 1000);
            var sessionId = reader.Text("session id", 64);
            Features = reader.Varint();
            reader.ExpectEnd("an OpenReply frame");
            if (Version == 3) Negotiation = CarrierNegotiation.Describe(message, sessionId, Features, certificate);
        }
    }
}
