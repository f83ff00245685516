using System.Diagnostics;
using System.Net;
using System.Threading.Channels;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>One bulk transfer on the client's side, on one stream of an open session.</summary>
internal sealed class BulkTransfer
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private const string NothingToSend = "none: nothing was missing";
    private const long ProgressBytes = 256L * 1024 * 1024;

    private readonly FrameChannel _channel;
    private readonly int _stream;
    private readonly ChannelReader<Frame> _inbox;
    private readonly DatacenterRequest _wish;
    private readonly TransferContext _context;
    private readonly CancellationToken _cancellation;
    private long _payload;

    public BulkTransfer(FrameChannel channel, int stream, ChannelReader<Frame> inbox, DatacenterRequest wish, TransferContext context, CancellationToken cancellationToken)
    {
        _channel = channel;
        _stream = stream;
        _inbox = inbox;
        _wish = wish;
        _context = context;
        _cancellation = cancellationToken;
    }

    /// <returns>Why a source cannot go by the bulk path, or null.</returns>
    public static string? WhyNot(TransferSource source, DatacenterRequest wish)
    {
        if (source is not PathSource { Paths: [var path] }) return "it is for one file, not for several or for memory";
        var file = new FileInfo(path);
        if (!file.Exists || file.LinkTarget is not null) return "it is for one file, not for a directory or link";
        return !wish.IsDemand && file.Length < wish.MinimumBytes ? $"the file has {file.Length} bytes, and below {wish.MinimumBytes} the session is as fast" : null;
    }

    public async Task<ContentHash> SendAsync(string path, PathSource source)
    {
        var entry = SourceEntries.Of(source).First();
        using var file = new FileExtentSource(entry.Open(), entry.FullPath!);
        var header = entry.Header with { Size = file.Length };
        await OfferAsync(FrameType.BulkPut, path, header, file.Identity).ConfigureAwait(false);
        var answer = await AnswerAsync(FrameType.BulkPutAnswer, header.Size).ConfigureAwait(false);
        using var mac = answer.Key.Length > 0 ? new PieceMac(answer.Key) : null;
        var map = answer.Map!;
        var report = Begin(answer, file.Length, map);
        if (!map.IsComplete)
        {
            using var payload = await OpenWriterAsync(answer, report).ConfigureAwait(false);
            await CountedAsync(report, () => new BulkSending(_channel, _stream, _inbox).RunAsync(file, map, payload, mac, Count, _context.MaxRate, _cancellation)).ConfigureAwait(false);
        }

        using (await ExpectAsync(FrameType.BulkVerified).ConfigureAwait(false))
        {
            _context.Status = BulkStatus.VerifiedPendingDigest;
        }

        _wish.PayloadVerified?.Invoke();

        var start = Stopwatch.GetTimestamp();
        var root = await DigestAsync(progress => PartialExtents.Digest(
            header, file.Length, file.ReadPiece, new byte[BulkLimits.PieceBytes], null, progress, _cancellation)).ConfigureAwait(false);
        file.ThrowIfChanged();
        await SendHashAsync(FrameType.BulkDigest, root).ConfigureAwait(false);
        using var committed = await ExpectAsync(FrameType.Committed).ConfigureAwait(false);
        if (BulkServing.ReadHash(committed) != root) throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, "The node committed another object than was sent.");
        return End(report, start, root);
    }

    public async Task<ContentHash> ReceiveAsync(string path, PathSink sink)
    {
        await OfferAsync(FrameType.BulkGet, path, null, []).ConfigureAwait(false);
        var answer = await AnswerAsync(FrameType.BulkGetAnswer, null).ConfigureAwait(false);
        var stored = answer.Stored!;
        using var mac = answer.Key.Length > 0 ? new PieceMac(answer.Key) : null;
        using var file = new LocalBulkFile(sink.Path, stored.Entry, stored.Root);
        await DigestAsync(progress =>
        {
            file.Begin(forget: !_context.Resume, progress, _cancellation);
            return default;
        }).ConfigureAwait(false);
        var map = file.Partial.Map;
        _context.TotalBytes = stored.Entry.Size;
        var report = Begin(answer, stored.Entry.Size!.Value, map);
        var terms = answer.Carrier == BulkCarrier.Ucx && !map.IsComplete ? UcxTerms.Read(answer.CarrierData) : null;
        using var link = terms is null ? null : await OpeningUcxAsync(() => Task.FromResult(UcxLink.Open(receives: true, terms.Transports, terms.Messages))).ConfigureAwait(false);
        using (var begin = new WireWriter())
        {
            map.Write(begin);
            if (link is not null) begin.Bytes(new UcxTerms(false, terms!.Messages, "", link.Worker.Address(), terms.Messages ? [] : link.DescribeRegion()).Write());
            await _channel.WriteAsync(FrameType.BulkBegin, _stream, begin, _cancellation).ConfigureAwait(false);
            await _channel.FlushAsync(_cancellation).ConfigureAwait(false);
        }

        if (!map.IsComplete)
        {
            using var payload = await (link is null ? OpenReaderAsync(answer, null, null, report) : OpeningUcxAsync(() => OpenReaderAsync(answer, link, terms, report))).ConfigureAwait(false);
            await CountedAsync(report, () => file.GuardAsync(
                () => new BulkReceiving(_channel, _stream, _inbox).RunAsync(file.Partial, payload, mac, (bytes, _) => Count(bytes), _cancellation))).ConfigureAwait(false);
        }

        _context.Status = BulkStatus.VerifiedPendingDigest;
        _wish.PayloadVerified?.Invoke();
        var start = Stopwatch.GetTimestamp();
        var root = await DigestAsync(progress => file.Commit(progress, _cancellation)).ConfigureAwait(false);
        await SendHashAsync(FrameType.Committed, root).ConfigureAwait(false);
        return End(report, start, root);
    }

    private async Task OfferAsync(FrameType type, string path, EntryHeader? entry, byte[] identity)
    {
        if (_wish.RequireRdma && RdmaReadiness.Check() is { IsReady: false } here)
            throw new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, $"RDMA is required, and this machine lacks: {string.Join(" ", here.Missing)}");
        var flags = (_context.Resume ? 0 : PutFlags.Forget) | (_context.Resuming ? PutFlags.Resuming : 0);
        var demands = (_wish.RequireRdma ? BulkDemands.Rdma : 0) | (_wish.Authenticate ? BulkDemands.Authentication : 0);
        using var frame = new WireWriter();
        new BulkOffer(RelativePath.Parse(path), flags, Carriers, demands, entry, identity).Write(frame);
        await _channel.WriteAsync(type, _stream, frame, _cancellation).ConfigureAwait(false);
        await _channel.FlushAsync(_cancellation).ConfigureAwait(false);
    }

    private async Task<BulkAnswer> AnswerAsync(FrameType type, long? bytes)
    {
        using var frame = await ExpectAsync(type).ConfigureAwait(false);
        var answer = BulkAnswer.Read(frame.Payload.Span, bytes);
        if ((Carriers & answer.Carrier) == 0) throw new DwcpProtocolException($"The node chose {answer.Carrier}, which was not offered.");
        if (_wish.Authenticate && answer.Key.Length == 0) throw new DwcpProtocolException("The node did not give a key for the authentication that was demanded.");
        return answer;
    }

    private BulkCarrier Carriers => UcxLibrary.Instance is null || (_wish.Carriers & BulkCarrier.Ucx) == 0
        ? _wish.Carriers & BulkCarrier.Sockets
        : _wish.Carriers | (RdmaReadiness.Check().IsReady ? BulkCarrier.Verbs : 0);

    private IPEndPoint PayloadPeer(BulkAnswer answer) => _context.Peer is IPEndPoint peer
        ? new IPEndPoint(PayloadListener.Plain(peer.Address), answer.Port)
        : throw new InvalidOperationException("The session's peer has no IP address.");

    private Task<System.Net.Sockets.Socket> ConnectAsync(BulkAnswer answer) => PayloadListener.ConnectAsync(PayloadPeer(answer), answer.Token, ConnectTimeout, _cancellation);

    private async Task<IPayloadWriter> OpenWriterAsync(BulkAnswer answer, BulkReport report)
    {
        if (answer.Carrier == BulkCarrier.Sockets) return new SocketPayloadWriter(await ConnectAsync(answer).ConfigureAwait(false));
        return await OpeningUcxAsync(() => OpenUcxWriterAsync(answer, report)).ConfigureAwait(false);
    }

    // What UCX cannot do here is told to the node, which ends the stream and keeps the session; then another carrier is asked for.
    private async Task<T> OpeningUcxAsync<T>(Func<Task<T>> open)
    {
        try
        {
            return await open().ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (_wish.RequireRdma && e.Fault == DwcpFault.Network && !_cancellation.IsCancellationRequested)
        {
            // There is no other carrier to ask for; what is left to learn is why the node let go.
            var reason = await BulkReceiving.ReasonAsync(e, _inbox, _cancellation).ConfigureAwait(false);
            if (reason != e) throw reason;
            throw;
        }
        catch (DwcpTransferException e) when (!_wish.RequireRdma && e is not DwcpProtocolException && !_cancellation.IsCancellationRequested)
        {
            using var frame = new WireWriter();
            ErrorFrame.Write(frame, new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, $"The client cannot use UCX: {e.Message}"));
            await _channel.WriteAsync(FrameType.Error, _stream, frame, _cancellation).ConfigureAwait(false);
            await _channel.FlushAsync(_cancellation).ConfigureAwait(false);
            try
            {
                using var none = await ExpectAsync(FrameType.Committed).ConfigureAwait(false); // the node answers with the error, and only with that
            }
            catch (DwcpTransferException told) when (told.Code == DwcpErrorCode.BulkUnavailable)
            {
                throw new UcxUnusableException(e);
            }

            throw new DwcpProtocolException("The node committed an object of which nothing was sent.");
        }
    }

    private async Task<IPayloadWriter> OpenUcxWriterAsync(BulkAnswer answer, BulkReport report)
    {
        var terms = UcxTerms.Read(answer.CarrierData);
        var link = UcxLink.Open(receives: false, terms.Transports, terms.Messages);
        try
        {
            await DataThread.Run("dwcp ucx connect", () =>
            {
                if (terms.SameMachine) link.Connect(terms.Worker);
                else link.Connect(PayloadPeer(answer));
                if (terms.Messages) link.WaitForGreeting(ConnectTimeout, _cancellation);
                else link.UsePeerRegion(terms.Region, ConnectTimeout, _cancellation);
            }).ConfigureAwait(false);
            report.Transport = Judge(link.Endpoint.Transports());
            return UcxCarriers.Writer(link, terms.Messages);
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    private async Task<IPayloadReader> OpenReaderAsync(BulkAnswer answer, UcxLink? link, UcxTerms? terms, BulkReport report)
    {
        if (link is null || terms is null) return new SocketPayloadReader(await ConnectAsync(answer).ConfigureAwait(false));
        // Made before the peer may send: a message that nobody takes would be dropped.
        var reader = UcxCarriers.Reader(link, terms.Messages);
        if (terms.SameMachine)
        {
            report.Transport = "shared memory (UCX)";
        }
        else
        {
            await DataThread.Run("dwcp ucx connect", () =>
            {
                link.Connect(PayloadPeer(answer));
                link.WaitForGreeting(ConnectTimeout, _cancellation);
            }).ConfigureAwait(false);
            report.Transport = Judge(link.Endpoint.Transports());
        }

        return reader;
    }

    // The library chooses among what it was allowed; what was asked for is judged by what it really took.
    private string Judge(IReadOnlyList<string> lanes)
    {
        if (_wish.RequireRdma && !lanes.Any(l => UcxLanes.IsRdma(l)))
            throw new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, $"RDMA is required, and UCX took {string.Join(", ", lanes)}.");
        return UcxLanes.Describe(lanes);
    }

    private BulkReport Begin(BulkAnswer answer, long bytes, ExtentMap map)
    {
        _context.TotalBytes = bytes;
        _context.Counters.AddEntries(1);
        _context.Counters.AddSkipped(map.PresentBytes);
        var (sent, received) = (_channel.BytesWritten, _channel.BytesRead);
        _context.CountWireFrom(() => (_channel.BytesWritten - sent + Interlocked.Read(ref _payload), _channel.BytesRead - received));
        return new BulkReport
        {
            Transport = map.IsComplete ? NothingToSend : "sockets",
            Reasons = [.. _wish.UcxFailure is { } failure ? (string[])[$"not by UCX: {failure.TrimEnd('.')}"] : [], answer.Reason, answer.Key.Length > 0 ? "every piece authenticated by AES-256-GMAC" : "payload protected by checksums alone: the node's policy trusts this network"],
            Authenticated = answer.Key.Length > 0,
        };
    }

    private async Task CountedAsync(BulkReport report, Func<Task> body)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await body().ConfigureAwait(false);
        }
        finally
        {
            report.PayloadBytes = Interlocked.Read(ref _payload);
            report.PayloadDuration = Stopwatch.GetElapsedTime(start);
        }
    }

    private void Count(int bytes)
    {
        Interlocked.Add(ref _payload, bytes);
        _context.Counters.AddChunkBytes(bytes);
        _context.Counters.AddSafeChunkBytes(bytes);
    }

    private ContentHash End(BulkReport report, long start, ContentHash root)
    {
        report.DigestDuration = Stopwatch.GetElapsedTime(start);
        _context.Status = BulkStatus.Committed;
        _context.Bulk = report;
        return root;
    }

    // Hashes for long without silence: the node closes a session in which nothing moves.
    private async Task<ContentHash> DigestAsync(Func<Action<long>, ContentHash> body)
    {
        long done = 0;
        long told = 0;
        var hashing = Task.Run(() => body(bytes => Volatile.Write(ref done, bytes)), _cancellation);
        while (!hashing.IsCompleted)
        {
            await Task.WhenAny(hashing, Task.Delay(TimeSpan.FromSeconds(1), _cancellation)).ConfigureAwait(false);
            if (hashing.IsCompleted || _cancellation.IsCancellationRequested || Volatile.Read(ref done) - told < ProgressBytes) continue;
            told = Volatile.Read(ref done);
            using var frame = new WireWriter();
            frame.Number(told);
            await _channel.WriteAsync(FrameType.BulkProgress, _stream, frame, _cancellation).ConfigureAwait(false);
            await _channel.FlushAsync(_cancellation).ConfigureAwait(false);
        }

        return await hashing.ConfigureAwait(false);
    }

    private async Task SendHashAsync(FrameType type, ContentHash hash)
    {
        using var frame = new WireWriter();
        frame.Hash(hash);
        await _channel.WriteAsync(type, _stream, frame, _cancellation).ConfigureAwait(false);
        await _channel.FlushAsync(_cancellation).ConfigureAwait(false);
    }

    private Task<Frame> ExpectAsync(FrameType type) => BulkServing.ExpectAsync(_inbox, type, null, Patience, _cancellation);
}
