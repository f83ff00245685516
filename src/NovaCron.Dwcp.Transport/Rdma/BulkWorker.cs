using System.Threading.Channels;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>
/// The process that speaks UCX for one bulk stream of a node. UCX's wire-up and its RMA in software let a peer name addresses to read and write, so it runs here: with one
/// principal's one file and one stream's key, and nothing else. Frames come and go over the pipes to the node, which relays the peer's.
/// </summary>
public static class BulkWorker
{
    /// <summary>The verb by which a node's program starts it.</summary>
    public const string Verb = "bulk-worker";

    internal const int Stream = 1;

    /// <summary>Runs until the stream ended or the node closed the pipe.</summary>
    /// <returns>The exit code; failures were told to the node.</returns>
    public static async Task<int> RunAsync(Stream input, Stream output, CancellationToken cancellationToken = default)
    {
        var pipe = new DuplexPipe(input, output);
        var channel = new FrameChannel(pipe) { MaxFrameBytes = WireLimits.MaxFrame };
        await using var channelScope = channel.ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var inbox = Channel.CreateBounded<Frame>(new BoundedChannelOptions(64) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync(channel, inbox.Writer, stop);
        try
        {
            BulkJob job;
            using (var frame = await BulkServing.ExpectAsync(inbox.Reader, FrameType.BulkPut, null, TimeSpan.FromSeconds(30), stop.Token).ConfigureAwait(false))
            {
                job = BulkJob.Read(frame.Payload.Span);
            }

            var transport = await WorkAsync(job, channel, inbox.Reader, stop.Token).ConfigureAwait(false);
            await TellAsync(channel, FrameType.BulkVerified, w => w.Text(transport)).ConfigureAwait(false);
            // The node closes the pipe when it has read this.
            await BulkReceiving.EndOf(reading).ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 1; // the node went away, or does not want it any more
        }
        catch (Exception e) when (e is DwcpTransferException or IOException or UnauthorizedAccessException)
        {
            var failure = e as DwcpTransferException ?? Storage.StorageFailure.From(e, "write a bulk transfer");
            await TellAsync(channel, FrameType.Error, w => ErrorFrame.Write(w, failure)).ConfigureAwait(false);
            return 1;
        }
    }

    private static async Task<string> WorkAsync(BulkJob job, FrameChannel channel, ChannelReader<Frame> inbox, CancellationToken cancellationToken)
    {
        using var mac = job.Key.Length > 0 ? new PieceMac(job.Key) : null;
        using var files = new DiskFiles(Path.GetDirectoryName(job.File)!);
        var link = UcxLink.Open(job.Receives, job.Transports, job.Messages);
        using var payload = job.Receives ? UcxCarriers.Reader(link, job.Messages) : (IDisposable)UcxCarriers.Writer(link, job.Messages);
        var port = job.SameMachine ? 0 : link.Listen(job.Local, job.Port, job.Peer);
        var terms = new UcxTerms(job.SameMachine, job.Messages, job.Transports, job.Receives && job.SameMachine ? link.Worker.Address() : [], job.Receives && !job.Messages ? link.DescribeRegion() : []);
        await TellAsync(channel, FrameType.BulkPutAnswer, w => w.Number(port).Bytes(terms.Write())).ConfigureAwait(false);
        if (job.Receives)
        {
            using var partial = new PartialExtents(Open(files, job.File), Open(files, job.Journal), job.Bytes, new byte[BulkLimits.IdentityBytes], packed: true);
            partial.Adopt(job.Map, job.JournalLength);
            if (!job.SameMachine) await DataThread.Run("dwcp ucx accept", () => link.Accept(job.ConnectTimeout, cancellationToken)).ConfigureAwait(false);
            var lanes = job.SameMachine ? job.Transports : UcxLanes.Describe(link.Endpoint.Transports());
            await new BulkReceiving(channel, Stream, inbox).RunAsync(partial, (IPayloadReader)payload, mac, (_, _) => { }, cancellationToken).ConfigureAwait(false);
            return job.SameMachine ? "shared memory (UCX)" : lanes;
        }

        using var pack = Open(files, job.File);
        var source = new PackExtentSource(pack, job.Bytes);
        ExtentMap map;
        UcxTerms peer;
        using (var begin = await BulkServing.ExpectAsync(inbox, FrameType.BulkBegin, null, job.ConnectTimeout, cancellationToken).ConfigureAwait(false))
        {
            (map, peer) = ReadBegin(begin, job.Bytes);
        }

        await DataThread.Run("dwcp ucx connect", () =>
        {
            if (job.SameMachine) link.Connect(peer.Worker);
            else link.Accept(job.ConnectTimeout, cancellationToken);
            if (job.Messages) link.WaitForGreeting(job.ConnectTimeout, cancellationToken);
            else link.UsePeerRegion(peer.Region, job.ConnectTimeout, cancellationToken);
        }).ConfigureAwait(false);
        var transport = UcxLanes.Describe(link.Endpoint.Transports());
        await new BulkSending(channel, Stream, inbox).RunAsync(source, map, (IPayloadWriter)payload, mac, _ => { }, null, cancellationToken).ConfigureAwait(false);
        return transport;
    }

    private static (ExtentMap Map, UcxTerms Peer) ReadBegin(Frame frame, long bytes)
    {
        var reader = new WireReader(frame.Payload.Span);
        var map = ExtentMap.Read(ref reader, bytes);
        return (map, UcxTerms.Read(reader.Rest()));
    }

    private static IStoreFile Open(DiskFiles files, string path) =>
        files.OpenWrite(Path.GetFileName(path)) ?? throw new StoreIoException($"{Path.GetFileName(path)} is gone.", diskFull: false);

    private static async Task ReadAsync(FrameChannel channel, ChannelWriter<Frame> inbox, CancellationTokenSource stop)
    {
        try
        {
            while (await channel.ReadAsync(stop.Token).ConfigureAwait(false) is { } frame) await inbox.WriteAsync(frame, stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
        {
            // The node is gone; below.
        }
        finally
        {
            inbox.TryComplete();
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private static async Task TellAsync(FrameChannel channel, FrameType type, Action<WireWriter> write)
    {
        using var frame = new WireWriter();
        write(frame);
        await channel.WriteAsync(type, Stream, frame, CancellationToken.None).ConfigureAwait(false);
        await channel.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
