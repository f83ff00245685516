using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>One bulk stream on the node: decides by the node's policy, opens the payload's way, moves the extents, and commits after both sides agree on the digest.</summary>
internal sealed class BulkServing
{
    // Between two signs of life in phases in which no extent moves: well below any idle limit.
    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromSeconds(1);

    private const int MaxTransportText = 256;

    private readonly FrameChannel _channel;
    private readonly BulkOffer _offer;
    private readonly PrincipalStore _store;
    private readonly ServerSessionContext _context;
    private readonly string _version;
    private string? _ucxFailure;
    private readonly Channel<Frame> _inbox = Channel.CreateBounded<Frame>(new BoundedChannelOptions(64) { SingleReader = true, SingleWriter = true });

    public BulkServing(FrameChannel channel, int stream, BulkOffer offer, PrincipalStore store, ServerSessionContext context, string version)
    {
        _channel = channel;
        Stream = stream;
        _offer = offer;
        _store = store;
        _context = context;
        _version = version;
    }

    public int Stream { get; }

    public Task Running { get; set; } = Task.CompletedTask;

    /// <summary>Whether this peer may use the bulk path at all.</summary>
    public static bool IsOffered(ServerSessionContext context) =>
        context.Options.Datacenter is { } policy && context.LocalAddress is not null && context.RemoteEndPoint is IPEndPoint { Address: var peer } && policy.Covers(peer);

    public async ValueTask DeliverAsync(Frame frame, CancellationToken cancellationToken)
    {
        var copy = frame.Take();
        try
        {
            await _inbox.Writer.WriteAsync(copy, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            copy.Dispose(); // it ended meanwhile
        }
    }

    public void End() => _inbox.Writer.TryComplete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_offer.Entry is null) await ServeGetAsync(cancellationToken).ConfigureAwait(false);
            else await ServePutAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _inbox.Writer.TryComplete();
            while (_inbox.Reader.TryRead(out var left)) left.Dispose();
        }
    }

    private async Task ServePutAsync(CancellationToken cancellationToken)
    {
        var scope = new RequestScope(_context, _version);
        var entry = _offer.Entry!;
        using var charge = _store.BeginCharge();
        using var target = await scope.RunAsync(
            RequestKind.ManifestExchange,
            () =>
            {
                if (entry.Size / BulkLimits.ExtentBytes >= BulkLimits.MaxExtents) throw Unavailable($"An object of {entry.Size} bytes is larger than the bulk path takes.");
                charge.Add(entry.Size!.Value);
                return ValueTask.FromResult(_store.OpenBulk(_offer.Path, entry.Size.Value, _offer.Identity));
            },
            cancellationToken).ConfigureAwait(false);
        var partial = target.Partial;
        await TellProgressAsync(progress => Task.Run(() => Guard(() => partial.Begin((_offer.Flags & PutFlags.Forget) != 0, progress, cancellationToken)), cancellationToken), cancellationToken).ConfigureAwait(false);
        DatacenterCounters.Resumed(partial.Map.PresentBytes);

        if (partial.Map.IsComplete)
        {
            // A carrier that is opened to carry nothing would be closed by this side before the other has seen it open.
            await AnswerWithNothingToSendAsync(partial.Map, cancellationToken).ConfigureAwait(false);
        }
        else if (ChooseUcx() is not { } choice || !await TryReceiveByWorkerAsync(choice, target, cancellationToken).ConfigureAwait(false))
        {
            using var link = Open();
            await AnswerAsync(FrameType.BulkPutAnswer, link, null, partial.Map, cancellationToken).ConfigureAwait(false);
            using var socket = await link.AcceptAsync(cancellationToken).ConfigureAwait(false);
            using var payload = new SocketPayloadReader(socket);
            await CountedAsync(
                BulkCarrier.Sockets,
                () => new BulkReceiving(_channel, Stream, _inbox.Reader).RunAsync(partial, payload, link.Mac, ReportExtent, cancellationToken)).ConfigureAwait(false);
        }

        await SendAsync(FrameType.BulkVerified, cancellationToken).ConfigureAwait(false);
        var stored = await scope.RunAsync(
            RequestKind.Commit,
            async () => await TellProgressAsync(progress => target.CommitAsync(entry, () => ReadHashAsync(FrameType.BulkDigest, cancellationToken), progress, cancellationToken), cancellationToken).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        await SendHashAsync(FrameType.Committed, stored.Root, cancellationToken).ConfigureAwait(false);
    }

    private async Task ServeGetAsync(CancellationToken cancellationToken)
    {
        var scope = new RequestScope(_context, _version);
        using var reader = await scope.RunAsync(
            RequestKind.ManifestExchange,
            () => ValueTask.FromResult(_store.OpenObject(_offer.Path)
                ?? throw new DwcpTransferException(DwcpErrorCode.NotFound, DwcpFault.Client, $"There is no object '{_offer.Path}'. List what is there, and mind upper and lower case.")),
            cancellationToken).ConfigureAwait(false);
        var source = StoredExtentSource.TryOpen(reader) ?? throw Unavailable($"'{_offer.Path}' was not stored by the bulk path: it is cut by content.");
        if (source.PlainPack is not { } pack || ChooseUcx() is not { } choice || !await TrySendByWorkerAsync(choice, source, pack, cancellationToken).ConfigureAwait(false))
            await SendBySocketAsync(source, cancellationToken).ConfigureAwait(false);
        var root = await ReadHashAsync(FrameType.Committed, cancellationToken).ConfigureAwait(false);
        if (root != source.Stored.Root) throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"The client says that it received {root}; {source.Stored.Root} was sent.");
    }

    private async Task SendBySocketAsync(StoredExtentSource source, CancellationToken cancellationToken)
    {
        using var link = Open();
        await AnswerAsync(FrameType.BulkGetAnswer, link, source.Stored, null, cancellationToken).ConfigureAwait(false);
        ExtentMap map;
        using (var begin = await ExpectAsync(FrameType.BulkBegin, cancellationToken).ConfigureAwait(false))
        {
            map = ReadMap(begin, source.Length);
        }

        if (map.IsComplete) return;
        using var socket = await link.AcceptAsync(cancellationToken).ConfigureAwait(false);
        using var payload = new SocketPayloadWriter(socket);
        await CountedAsync(
            BulkCarrier.Sockets,
            () => new BulkSending(_channel, Stream, _inbox.Reader).RunAsync(source, map, payload, link.Mac, bytes => ReportExtent(bytes, TimeSpan.Zero), null, cancellationToken)).ConfigureAwait(false);
    }

    /// <returns>Null for plain sockets.</returns>
    private UcxChoice? ChooseUcx()
    {
        var policy = _context.Options.Datacenter!;
        var rdma = policy.RequireRdma || (_offer.Demands & BulkDemands.Rdma) != 0;
        var readiness = rdma || WhyNoUcx(policy) is null ? RdmaReadiness.Check() : null;
        if (rdma && readiness is { IsReady: false }) throw Unavailable($"RDMA is required, and this node lacks: {string.Join(" ", readiness.Missing)}");
        if (WhyNoUcx(policy) is { } why) return rdma ? throw Unavailable($"RDMA is required, and {why}.") : null;
        return UcxChoice.Make(PayloadListener.Plain(_context.LocalAddress!), PeerAddress, readiness!, rdma || (_offer.Carriers & BulkCarrier.Verbs) != 0, rdma, policy.UcxTransports);
    }

    private string? WhyNoUcx(DatacenterPolicy policy)
    {
        if ((_offer.Carriers & BulkCarrier.Ucx) == 0) return "the client does not offer UCX";
        if ((policy.Carriers & BulkCarrier.Ucx) == 0 || policy.WorkerCommand.Count == 0) return "this node's policy has no UCX";
        if (UcxLibrary.Instance is null) return UcxLibrary.Finding;
        // By certificate, not by key: a machine that we know, not whoever holds a string.
        var machine = _context.ClientCertificate is { } certificate ? _context.Principals.FindByCertificate(certificate) : null;
        return machine is not null && machine == _store.Name && policy.RdmaIdentities.Contains(machine) ? null : "UCX is for clients whose certificate names a configured datacentre identity";
    }

    private IPAddress PeerAddress => PayloadListener.Plain(((IPEndPoint)_context.RemoteEndPoint).Address);

    /// <returns>False when UCX failed before the client was answered, and plain sockets may be used instead.</returns>
    private async Task<bool> TryReceiveByWorkerAsync(UcxChoice choice, BulkObject target, CancellationToken cancellationToken)
    {
        var key = NewKey();
        var partial = target.Partial;
        var job = Job(choice, key, receives: true, target.DataFile, partial.Map) with
        {
            Journal = Path.Combine(_context.Store.Root, target.JournalFile),
            JournalLength = partial.JournalLength,
        };
        if (await TryStartAsync(job, cancellationToken).ConfigureAwait(false) is not (var worker, var port, var terms)) return false;
        await using var workerScope = worker.ConfigureAwait(false);
        await AnswerForAsync(FrameType.BulkPutAnswer, choice, key, port, terms, null, partial.Map, cancellationToken).ConfigureAwait(false);
        await CountedAsync(BulkCarrier.Ucx, () => RelayAsync(worker, job, FrameType.Extent, cancellationToken)).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> TrySendByWorkerAsync(UcxChoice choice, StoredExtentSource source, int pack, CancellationToken cancellationToken)
    {
        var key = NewKey();
        var job = Job(choice, key, receives: false, _store.PackFile(pack), new ExtentMap(source.Length));
        if (await TryStartAsync(job, cancellationToken).ConfigureAwait(false) is not (var worker, var port, var terms)) return false;
        await using var workerScope = worker.ConfigureAwait(false);
        await AnswerForAsync(FrameType.BulkGetAnswer, choice, key, port, terms, source.Stored, null, cancellationToken).ConfigureAwait(false);
        using (var begin = await ExpectAsync(FrameType.BulkBegin, cancellationToken).ConfigureAwait(false))
        {
            if (ReadMapOnly(begin, source.Length).IsComplete) return true;
            await worker.PassAsync(begin, cancellationToken).ConfigureAwait(false);
        }

        await CountedAsync(BulkCarrier.Ucx, () => RelayAsync(worker, job, FrameType.ExtentVerified, cancellationToken)).ConfigureAwait(false);
        return true;
    }

    // Null, and the reason kept, when there is no way by UCX and a client that takes sockets: a library, a device or memory that fails must not cost the bulk path.
    private async Task<(BulkWorkerProcess Worker, int Port, byte[] Terms)?> TryStartAsync(BulkJob job, CancellationToken cancellationToken)
    {
        var policy = _context.Options.Datacenter!;
        BulkWorkerProcess? worker = null;
        try
        {
            worker = await BulkWorkerProcess.StartAsync(policy.WorkerCommand, job, cancellationToken).ConfigureAwait(false);
            using var ready = await worker.ReadAsync(cancellationToken).ConfigureAwait(false);
            var (port, terms) = ReadReady(ready);
            return (worker, port, terms);
        }
        catch (DwcpTransferException e)
        {
            if (worker is not null) await worker.DisposeAsync().ConfigureAwait(false);
            DatacenterCounters.UcxFailed();
            _ucxFailure = e.Message;
            if (policy.RequireRdma || (_offer.Demands & BulkDemands.Rdma) != 0) throw Unavailable($"RDMA is required, and {e.Message}");
            if ((_offer.Carriers & policy.Carriers & BulkCarrier.Sockets) == 0) throw Unavailable(e.Message);
            return null;
        }
        catch
        {
            if (worker is not null) await worker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private byte[] NewKey() => _context.Options.Datacenter!.Authenticate || (_offer.Demands & BulkDemands.Authentication) != 0 ? RandomNumberGenerator.GetBytes(BulkLimits.KeyBytes) : [];

    private BulkJob Job(UcxChoice choice, byte[] key, bool receives, string file, ExtentMap map)
    {
        var policy = _context.Options.Datacenter!;
        var local = PayloadListener.Plain(_context.LocalAddress!);
        return new BulkJob
        {
            Receives = receives,
            SameMachine = choice.SameMachine,
            Transports = choice.Transports,
            Local = local,
            Peer = PeerAddress,
            Port = choice.SameMachine ? 0 : UcxChoice.FreePort(local, policy.FirstPort, policy.LastPort),
            Key = key,
            ConnectTimeout = policy.ConnectTimeout,
            File = Path.Combine(_context.Store.Root, file),
            Journal = "",
            JournalLength = 0,
            Bytes = map.Bytes,
            Map = map,
        };
    }

    private Task AnswerForAsync(
        FrameType type, UcxChoice choice, byte[] key, int port, byte[] terms, BulkStored? stored, ExtentMap? map, CancellationToken cancellationToken) =>
        AnswerAsync(type, new BulkAnswer(BulkCarrier.Ucx, choice.Reason, key, new byte[BulkLimits.TokenBytes], port, terms, stored, map), cancellationToken);

    private static (int Port, byte[] Terms) ReadReady(Frame frame)
    {
        var reader = new WireReader(frame.Payload.Span);
        return (reader.Count("port", ushort.MaxValue), reader.Rest().ToArray());
    }

    // The worker speaks to the peer through us: it has neither the session's keys nor its connection. Its counters end with it; ours are the node's.
    private async Task RelayAsync(BulkWorkerProcess worker, BulkJob job, FrameType fromClient, CancellationToken cancellationToken)
    {
        var bytes = job.Bytes;
        var registered = UcxLink.RegisteredBytes(job.Receives, job.Messages);
        DatacenterCounters.Registered(registered);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var toWorker = PassToWorkerAsync(worker, fromClient, stop.Token);
        var extents = BulkLimits.ExtentsOf(bytes);
        try
        {
            while (true)
            {
                var next = worker.ReadAsync(stop.Token);
                if (await Task.WhenAny(next, toWorker).ConfigureAwait(false) == toWorker && toWorker.IsFaulted) await toWorker.ConfigureAwait(false);
                using var frame = await next.ConfigureAwait(false);
                if (frame.Type == FrameType.BulkVerified)
                {
                    DatacenterCounters.Carried(new WireReader(frame.Payload.Span).Text("transport", MaxTransportText));
                    return;
                }

                if (frame.Type is not (FrameType.Extent or FrameType.ExtentVerified) || extents == 0) throw new InvalidOperationException($"The process for UCX sent {frame.Type}.");
                var length = BulkLimits.LengthOf(bytes, new WireReader(frame.Payload.Span).Count("extent", extents - 1));
                if (frame.Type == FrameType.ExtentVerified)
                {
                    DatacenterCounters.ExtentVerified(length, authenticated: job.Key.Length > 0);
                    ReportExtent(length, TimeSpan.Zero);
                }
                else
                {
                    DatacenterCounters.ExtentSent(length);
                }

                await _channel.WriteAsync(frame.Type, Stream, frame.Payload, cancellationToken).ConfigureAwait(false);
                await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            DatacenterCounters.Unregistered(registered);
            await stop.CancelAsync().ConfigureAwait(false);
            await BulkReceiving.EndOf(toWorker).ConfigureAwait(false);
        }
    }

    private async Task PassToWorkerAsync(BulkWorkerProcess worker, FrameType expected, CancellationToken cancellationToken)
    {
        while (await _inbox.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!_inbox.Reader.TryPeek(out var next)) continue;
            if (next.Type is not (FrameType.Error or FrameType.BulkProgress) && next.Type != expected) return; // the next step's
            if (!_inbox.Reader.TryRead(out var frame)) continue;
            using (frame)
            {
                if (frame.Type == FrameType.Error) throw ErrorFrame.Read(frame.Payload.Span);
                if (frame.Type == expected) await worker.PassAsync(frame, cancellationToken).ConfigureAwait(false);
            }
        }

        throw BulkReceiving.Ended();
    }

    private Link Open()
    {
        var policy = _context.Options.Datacenter!;
        if ((_offer.Carriers & policy.Carriers & BulkCarrier.Sockets) == 0) throw Unavailable($"The client offers {_offer.Carriers}; this node allows {policy.Carriers}.");
        var authenticate = policy.Authenticate || (_offer.Demands & BulkDemands.Authentication) != 0;
        return new Link(PayloadListener.Open(PayloadListener.Plain(_context.LocalAddress!), policy.FirstPort, policy.LastPort), authenticate, policy.ConnectTimeout);
    }

    private Task AnswerAsync(FrameType type, Link link, BulkStored? stored, ExtentMap? map, CancellationToken cancellationToken)
    {
        var reason = $"plain sockets: {_ucxFailure ?? WhyNoUcx(_context.Options.Datacenter!) ?? "the object's pieces are scattered over packs"}";
        return AnswerAsync(type, new BulkAnswer(BulkCarrier.Sockets, reason, link.Key, link.Token, link.Port, [], stored, map), cancellationToken);
    }

    private async Task AnswerAsync(FrameType type, BulkAnswer answer, CancellationToken cancellationToken)
    {
        using var frame = new WireWriter();
        answer.Write(frame);
        await _channel.WriteAsync(type, Stream, frame, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task AnswerWithNothingToSendAsync(ExtentMap map, CancellationToken cancellationToken)
    {
        if ((_offer.Carriers & (BulkCarrier.Sockets | BulkCarrier.Ucx)) == 0) throw Unavailable($"The client offers {_offer.Carriers}.");
        var carrier = (_offer.Carriers & BulkCarrier.Sockets) != 0 ? BulkCarrier.Sockets : BulkCarrier.Ucx;
        return AnswerAsync(FrameType.BulkPutAnswer, new BulkAnswer(carrier, "nothing is missing here", NewKey(), new byte[BulkLimits.TokenBytes], 0, [], null, map), cancellationToken);
    }

    private async Task CountedAsync(BulkCarrier carrier, Func<Task> body)
    {
        DatacenterCounters.StreamBegan(carrier);
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network)
        {
            _context.Observer.RequestCompleted(_version, RequestKind.ChunkBatch, e.Fault == DwcpFault.Server ? RequestOutcome.ServerError : RequestOutcome.ClientError, TimeSpan.Zero);
            throw;
        }
        catch (IOException e)
        {
            _context.Observer.RequestCompleted(_version, RequestKind.ChunkBatch, RequestOutcome.ServerError, TimeSpan.Zero);
            throw StorageFailure.From(e, $"store '{_offer.Path}'");
        }
        finally
        {
            DatacenterCounters.StreamEnded();
        }
    }

    private void ReportExtent(int bytes, TimeSpan duration)
    {
        _context.Observer.RequestCompleted(_version, RequestKind.ChunkBatch, RequestOutcome.Ok, duration);
        _context.Observer.BytesMoved(_version, bytes, bytes);
    }

    private void Guard(Action body)
    {
        try
        {
            body();
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"make room for '{_offer.Path}'");
        }
    }

    // Runs something long while the client sees that the node lives.
    private async Task<T> TellProgressAsync<T>(Func<Action<long>, Task<T>> body, CancellationToken cancellationToken)
    {
        long done = 0;
        var running = body(bytes => Volatile.Write(ref done, bytes));
        while (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(ProgressPeriod, cancellationToken)).ConfigureAwait(false);
            if (running.IsCompleted || cancellationToken.IsCancellationRequested) break;
            using var frame = new WireWriter();
            frame.Number(Volatile.Read(ref done));
            await _channel.WriteAsync(FrameType.BulkProgress, Stream, frame, cancellationToken).ConfigureAwait(false);
            await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        return await running.ConfigureAwait(false);
    }

    private Task TellProgressAsync(Func<Action<long>, Task> body, CancellationToken cancellationToken) =>
        TellProgressAsync(
            async progress =>
            {
                await body(progress).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    private async Task SendAsync(FrameType type, CancellationToken cancellationToken)
    {
        await _channel.WriteAsync(type, Stream, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task SendHashAsync(FrameType type, ContentHash hash, CancellationToken cancellationToken)
    {
        using var frame = new WireWriter();
        frame.Hash(hash);
        await _channel.WriteAsync(type, Stream, frame, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<ContentHash> ReadHashAsync(FrameType type, CancellationToken cancellationToken)
    {
        using var frame = await ExpectAsync(type, cancellationToken).ConfigureAwait(false);
        return ReadHash(frame);
    }

    internal static ContentHash ReadHash(Frame frame)
    {
        var reader = new WireReader(frame.Payload.Span);
        var hash = reader.Hash();
        reader.ExpectEnd("a frame with a hash");
        return hash;
    }

    private static ExtentMap ReadMap(Frame frame, long bytes)
    {
        var reader = new WireReader(frame.Payload.Span);
        var map = ExtentMap.Read(ref reader, bytes);
        reader.ExpectEnd("a BulkBegin frame");
        return map;
    }

    // Behind it are terms, which are the worker's to read.
    private static ExtentMap ReadMapOnly(Frame frame, long bytes)
    {
        var reader = new WireReader(frame.Payload.Span);
        return ExtentMap.Read(ref reader, bytes);
    }

    private Task<Frame> ExpectAsync(FrameType type, CancellationToken cancellationToken) => ExpectAsync(_inbox.Reader, type, null, _context.Options.IdleTimeout, cancellationToken);

    /// <summary>The next frame that is no sign of life.</summary>
    internal static async Task<Frame> ExpectAsync(ChannelReader<Frame> inbox, FrameType type, Action<Frame>? progress, TimeSpan patience, CancellationToken cancellationToken)
    {
        while (await WaitAsync(inbox, type, patience, cancellationToken).ConfigureAwait(false))
        {
            if (!inbox.TryRead(out var frame)) continue;
            if (frame.Type == type) return frame;
            using (frame)
            {
                if (frame.Type == FrameType.Error) throw ErrorFrame.Read(frame.Payload.Span);
                if (frame.Type != FrameType.BulkProgress) throw new DwcpProtocolException($"The peer sent {frame.Type} where {type} was due.");
                progress?.Invoke(frame);
            }
        }

        throw BulkReceiving.Ended();
    }

    private static async Task<bool> WaitAsync(ChannelReader<Frame> inbox, FrameType type, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            return await inbox.WaitToReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DwcpTransferException(DwcpErrorCode.TimedOut, DwcpFault.Client, $"The peer was silent for {patience.TotalSeconds:0} s where {type} was due.", e);
        }
    }

    private static DwcpTransferException Unavailable(string why) => new(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, $"No bulk path: {why}");

    /// <summary>What one stream's payload needs: a listener, a token, a key.</summary>
    private sealed class Link : IDisposable
    {
        private readonly PayloadListener _listener;
        private readonly TimeSpan _patience;

        public Link(PayloadListener listener, bool authenticate, TimeSpan patience)
        {
            _listener = listener;
            _patience = patience;
            Key = authenticate ? RandomNumberGenerator.GetBytes(BulkLimits.KeyBytes) : [];
            Mac = authenticate ? new PieceMac(Key) : null;
        }

        public byte[] Key { get; }

        public byte[] Token { get; } = RandomNumberGenerator.GetBytes(BulkLimits.TokenBytes);

        public PieceMac? Mac { get; }

        public int Port => _listener.Port;

        public Task<Socket> AcceptAsync(CancellationToken cancellationToken) => _listener.AcceptAsync(Token, _patience, cancellationToken);

        public void Dispose()
        {
            _listener.Dispose();
            Mac?.Dispose();
            CryptographicOperations.ZeroMemory(Key);
        }
    }
}
