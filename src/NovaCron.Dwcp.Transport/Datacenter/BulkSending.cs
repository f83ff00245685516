using System.Threading.Channels;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Sends the missing extents of one object: the session's side of <see cref="ExtentSender"/>. The same on a node, on a client, and in a worker process.</summary>
internal sealed class BulkSending(FrameChannel channel, int stream, ChannelReader<Frame> inbox)
{
    /// <param name="source">Bytes to send.</param>
    /// <param name="map">What the receiver has.</param>
    /// <param name="payload">The carrier; ended when this fails.</param>
    /// <param name="mac">Authenticates pieces, or null.</param>
    /// <param name="verified">Hears of each extent's bytes that the receiver verified.</param>
    /// <param name="maxRate">Most bytes a second, or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(IExtentSource source, ExtentMap map, IPayloadWriter payload, PieceMac? mac, Action<int> verified, long? maxRate, CancellationToken cancellationToken)
    {
        var notices = Channel.CreateBounded<ExtentNotice>(new BoundedChannelOptions(2 * BulkLimits.Credits) { SingleReader = true, SingleWriter = true });
        var sender = new ExtentSender(source, map.Missing(), payload, mac, notice => notices.Writer.TryWrite(notice), maxRate);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var announcing = AnnounceAsync(notices.Reader, stop.Token);
        var running = sender.RunAsync();
        Exception? reason = null;
        try
        {
            await AcknowledgeAsync(sender, running, announcing, map, verified, cancellationToken).ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (running.IsFaulted && e.Fault == DwcpFault.Network)
        {
            reason = await BulkReceiving.ReasonAsync(e, inbox, cancellationToken).ConfigureAwait(false);
            if (reason != e) throw reason;
            throw;
        }
        catch (Exception e)
        {
            reason = e;
            throw;
        }
        finally
        {
            sender.Stop(reason ?? new OperationCanceledException());
            await BulkReceiving.EndOf(running).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
            await BulkReceiving.EndOf(announcing).ConfigureAwait(false);
        }
    }

    private async Task AcknowledgeAsync(ExtentSender sender, Task running, Task announcing, ExtentMap map, Action<int> verified, CancellationToken cancellationToken)
    {
        while (true)
        {
            var news = inbox.WaitToReadAsync(cancellationToken).AsTask();
            await Task.WhenAny(news, running, announcing).ConfigureAwait(false);
            if (running.IsCompleted) return;
            if (announcing.IsFaulted) await announcing.ConfigureAwait(false);
            if (!await news.ConfigureAwait(false)) throw BulkReceiving.Ended();
            if (!inbox.TryPeek(out var next)) continue;
            if (next.Type is not (FrameType.ExtentVerified or FrameType.Error or FrameType.BulkProgress))
            {
                await running.ConfigureAwait(false);
                return;
            }

            if (!inbox.TryRead(out var frame)) continue;
            using (frame)
            {
                if (frame.Type == FrameType.Error) throw ErrorFrame.Read(frame.Payload.Span);
                if (frame.Type == FrameType.BulkProgress) continue;
                var extent = ReadExtent(frame, map);
                sender.Acknowledge(extent);
                verified(BulkLimits.LengthOf(map.Bytes, extent));
            }
        }
    }

    private static int ReadExtent(Frame frame, ExtentMap map)
    {
        var reader = new WireReader(frame.Payload.Span);
        var extent = reader.Count("extent", Math.Max(0, map.Count - 1));
        reader.ExpectEnd("an ExtentVerified frame");
        return extent;
    }

    private async Task AnnounceAsync(ChannelReader<ExtentNotice> notices, CancellationToken cancellationToken)
    {
        using var frame = new WireWriter();
        while (await notices.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (notices.TryRead(out var notice))
            {
                frame.Clear();
                notice.Write(frame);
                await channel.WriteAsync(FrameType.Extent, stream, frame, cancellationToken).ConfigureAwait(false);
            }

            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
