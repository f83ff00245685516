using System.Diagnostics;
using System.Threading.Channels;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Receives the missing extents of one object: the session's side of <see cref="ExtentReceiver"/>. The same on a node, on a client, and in a worker process.</summary>
internal sealed class BulkReceiving(FrameChannel channel, int stream, ChannelReader<Frame> inbox)
{
    private readonly long[] _announcedAt = new long[BulkLimits.Credits];
    private long _announced;

    /// <param name="partial">Where extents go.</param>
    /// <param name="payload">The carrier; ended when this fails.</param>
    /// <param name="mac">Verifies pieces, or null.</param>
    /// <param name="verified">Hears of each extent's bytes and of the time from its announcement to its verification.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(PartialExtents partial, IPayloadReader payload, PieceMac? mac, Action<int, TimeSpan> verified, CancellationToken cancellationToken)
    {
        var safe = Channel.CreateBounded<int>(new BoundedChannelOptions(2 * BulkLimits.Credits) { SingleReader = true, SingleWriter = true });
        var receiver = new ExtentReceiver(partial, payload, mac, extent => safe.Writer.TryWrite(extent));
        var acknowledging = AcknowledgeAsync(safe.Reader, partial.Map.Bytes, verified, cancellationToken);
        var running = receiver.RunAsync();
        Exception? reason = null;
        try
        {
            await DeliverAsync(receiver, running, cancellationToken).ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (running.IsFaulted && e.Fault == DwcpFault.Network)
        {
            reason = await ReasonAsync(e, inbox, cancellationToken).ConfigureAwait(false);
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
            receiver.Stop(reason ?? new OperationCanceledException());
            await EndOf(running).ConfigureAwait(false);
            safe.Writer.TryComplete(reason);
            if (reason is null) await acknowledging.ConfigureAwait(false);
            else await EndOf(acknowledging).ConfigureAwait(false);
        }
    }

    // Waits for the end; how it ended was told by who stopped it.
    internal static Task EndOf(Task task) => task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task DeliverAsync(ExtentReceiver receiver, Task running, CancellationToken cancellationToken)
    {
        while (true)
        {
            var news = inbox.WaitToReadAsync(cancellationToken).AsTask();
            await Task.WhenAny(news, running).ConfigureAwait(false);
            if (running.IsCompleted) return; // what is in the inbox now is the next step's
            if (!await news.ConfigureAwait(false)) throw Ended();
            if (!inbox.TryPeek(out var next)) continue;
            if (next.Type is not (FrameType.Extent or FrameType.Error or FrameType.BulkProgress))
            {
                await running.ConfigureAwait(false);
                return;
            }

            if (!inbox.TryRead(out var frame)) continue;
            using (frame)
            {
                if (frame.Type == FrameType.Error) throw ErrorFrame.Read(frame.Payload.Span);
                if (frame.Type == FrameType.BulkProgress) continue;
                _announcedAt[_announced++ % _announcedAt.Length] = Stopwatch.GetTimestamp();
                receiver.Deliver(frame.Payload.Span);
            }
        }
    }

    // A carrier that broke says that the peer is gone; why, the peer says in the session, a moment later.
    private static readonly TimeSpan ReasonPatience = TimeSpan.FromSeconds(2);

    /// <summary>What is to be told of a carrier that broke: the peer's own reason where it gives one.</summary>
    internal static async Task<Exception> ReasonAsync(DwcpTransferException broken, ChannelReader<Frame> inbox, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReasonPatience);
        try
        {
            while (await inbox.WaitToReadAsync(limit.Token).ConfigureAwait(false) && inbox.TryRead(out var frame))
            {
                using (frame)
                {
                    if (frame.Type == FrameType.Error) return ErrorFrame.Read(frame.Payload.Span);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return broken; // it says nothing
        }

        return broken;
    }

    internal static DwcpTransferException Ended() => new(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The session ended inside a bulk transfer.");

    private async Task AcknowledgeAsync(ChannelReader<int> safe, long bytes, Action<int, TimeSpan> verified, CancellationToken cancellationToken)
    {
        using var frame = new WireWriter();
        long number = 0;
        while (await safe.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (safe.TryRead(out var extent))
            {
                frame.Clear();
                frame.Number(extent);
                verified(BulkLimits.LengthOf(bytes, extent), Stopwatch.GetElapsedTime(_announcedAt[number++ % _announcedAt.Length]));
                await channel.WriteAsync(FrameType.ExtentVerified, stream, frame, cancellationToken).ConfigureAwait(false);
            }

            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
