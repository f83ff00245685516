using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Scheduling;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>Carries a client's session over several TLS connections at once, where datagrams do not get through: what one loses by a lost packet, the others go on with.</summary>
public sealed class TcpStreamsClientCarrier : IClientCarrier
{
    // Less than this is there before more connections pay for their own handshakes.
    internal const int WorthIt = 2 << 20;

    /// <inheritdoc/>
    public int Number => TcpStreamsCarrier.Number;

    /// <inheritdoc/>
    public string Name => TcpStreamsCarrier.Name;

    /// <inheritdoc/>
    public bool IsForDatacenter => false;

    /// <inheritdoc/>
    public CarrierAssessment Assess(PathMeasurement path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.IsNear) return new CarrierAssessment(0.2, "the path is near: one connection fills it");
        if (path.Bytes < WorthIt) return new CarrierAssessment(0.3, "too little is to be sent to be worth more connections");
        return new CarrierAssessment(0.7, "the path is far: several connections lose less to one lost packet");
    }

    /// <inheritdoc/>
    public async Task<CarrierConnection> ConnectAsync(ClientCarrierRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var count = Math.Clamp(request.Parallelism ?? (request.TcpModelsPath ? TcpStreamsCarrier.ModelledStreams : TcpStreamsCarrier.DefaultStreams), 1, TcpStreamsCarrier.MaximumStreams);
        var answer = await request.ExchangeAsync(TcpStreamsCarrier.WriteOffer(count), cancellationToken).ConfigureAwait(false);
        var token = TcpStreamsCarrier.ReadAnswer(answer.Span);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var joining = Enumerable.Range(0, count).Select(_ => JoinAsync(request, token, stop.Token)).ToList();
        try
        {
            var lanes = await Task.WhenAll(joining).ConfigureAwait(false);
            return new TcpStreamsConnection(new StripedStream(lanes), count, () => [.. lanes.OfType<OwnedStream>().Select(l => l.ReadPath()).OfType<TcpPath>()]);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var lane in joining)
            {
                await Task.WhenAny(lane).ConfigureAwait(false);
                if (lane.IsCompletedSuccessfully) await (await lane.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<Stream> JoinAsync(ClientCarrierRequest request, byte[] token, CancellationToken cancellationToken)
    {
        var tls = await request.ConnectTlsAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var channel = new FrameChannel(tls);
            await channel.WriteAsync(FrameType.Join, 0, token, cancellationToken).ConfigureAwait(false);
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            using var reply = await channel.ReadAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "the node closed one of the connections");
            channel.ReleaseBuffers();
            if (reply.Type == FrameType.Error) throw ErrorFrame.Read(reply.Payload.Span);
            return reply.Type == FrameType.Joined ? tls : throw new DwcpProtocolException($"The node answered Join with {reply.Type}.");
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
