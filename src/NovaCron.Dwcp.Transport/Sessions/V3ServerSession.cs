using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>
/// One v3 session on the node. One task reads frames ahead, one handles them in order, one per object tells the client what became durable; an object on its way to the
/// client has a task of its own.
/// </summary>
internal sealed class V3ServerSession : IAsyncDisposable
{
    // Frames read and not handled: enough to keep reading while a batch is hashed, little enough to keep memory and resent bytes small.
    private const int FramesAhead = 4;
    private const int InboxFrames = 256;

    // What a client answers to an object that it receives: a bit for each record of a segment at most. Without it its inboxes would hold frames of any size.
    private const int MaxAnswerBytes = 4096;

    // What another process stored is looked at again when a put begins and the last look is older than this; a client that resumes asks for it at once.
    private static readonly TimeSpan RefreshAge = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan GoingAwayPeriod = TimeSpan.FromMilliseconds(50);

    private readonly ServerSessionContext _context;
    private readonly Stream _stream;

    // The TLS connection at first; a carrier's stream once the client chose one.
    private volatile FrameChannel _channel;

    // Carriers: touched by the reading task until it ends.
    private byte[] _negotiation = [];
    private ulong _features;
    private CarrierOffer? _offer;
    private CarrierConnection? _carrier;
    private FrameChannel? _control;
    private Task _controlling = Task.CompletedTask;
    private long _wireOfControl;
    private int _offers;

    // The session, once it is open.
    private SessionInfo? _session;
    private PrincipalStore? _store;
    private string _version = VersionLabel.V3;
    private long _reportedWire;
    private bool _speaksBulk;
    private bool _resemblance;

    // Streams; the handling task adds and removes puts, gets remove themselves.
    private readonly Dictionary<int, Put> _puts = [];
    private readonly ConcurrentDictionary<int, Get> _gets = new();
    private readonly ConcurrentDictionary<int, BulkServing> _bulks = new();
    private int _activePuts;
    private int _highestStream;
    private volatile bool _goingAway;

    public V3ServerSession(Stream stream, ServerSessionContext context)
    {
        _stream = stream;
        _channel = new FrameChannel(stream);
        _context = context;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? failure = null;
        try
        {
            if (!await OpenAsync(stop.Token).ConfigureAwait(false)) return;
            await ServeAsync(stop).ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network)
        {
            failure = e;
            await TryTellAsync(0, e).ConfigureAwait(false);
            throw;
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await EndStreamsAsync().ConfigureAwait(false);
            if (_session is not null)
            {
                ReportBytes(0);
                _context.Observer.SessionEnded(_session, failure);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _offer?.Dispose();
        await _channel.DisposeAsync().ConfigureAwait(false);
        if (_carrier is not null) await _carrier.DisposeAsync().ConfigureAwait(false);
        if (_control is null) return;
        await _control.DisposeAsync().ConfigureAwait(false);
        await _controlling.ConfigureAwait(false);
    }

    /// <returns>False when the client was sent to another version.</returns>
    private async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_context.Options.HandshakeTimeout);
        Frame? frame;
        try
        {
            frame = await _channel.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DwcpTransferException(DwcpErrorCode.TimedOut, DwcpFault.Client, "No Open frame came in time.");
        }

        if (frame is null) return false;
        using (frame)
        {
            if (frame.Type == FrameType.Join)
            {
                await JoinAsync(frame, cancellationToken).ConfigureAwait(false);
                return false;
            }

            if (frame.Type != FrameType.Open || frame.Stream != 0) throw new DwcpProtocolException($"The first frame is {frame.Type}; it must be Open.");
            var open = OpenMessage.Read(frame.Payload.Span);
            if (open.CanaryKey.Length > 0 && _context.Split.AcceptsCanary(open.CanaryKey)) _version = VersionLabel.Canary;
            // A client that is sent on to v1 opens its session there, where the request is served, timed and counted: counted here as well it
            // would thin v3's errors out, and a fault of v3 would hit clients that are not on v3.
            var version = IsSentToV1(open)
                ? Admit(open, 1)
                : await new RequestScope(_context, _version).RunAsync(RequestKind.SessionOpen, () => ValueTask.FromResult(Admit(open, null)), cancellationToken).ConfigureAwait(false);
            foreach (var carrier in _context.Options.Carriers) _features |= 1UL << carrier.Number;
            _speaksBulk = version == 3 && (open.Features & WireLimits.BulkFeature) != 0 && BulkServing.IsOffered(_context);
            if (_speaksBulk) _features |= WireLimits.BulkFeature;
            _resemblance = version == 3 && (open.Features & WireLimits.ResemblanceFeature) != 0;
            if (_resemblance) _features |= WireLimits.ResemblanceFeature;
            if (version == 3) _negotiation = CarrierNegotiation.Describe(open, _session!.Id, _features, _context.ServerCertificate.Span);
            using var reply = new WireWriter();
            reply.Number(version).Text(_session?.Id ?? "").Varint(version == 3 ? _features : 0);
            _channel.MaxFrameBytes = WireLimits.MaxFrame;
            await _channel.WriteAsync(FrameType.OpenReply, 0, reply, cancellationToken).ConfigureAwait(false);
            await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            return version == 3;
        }
    }

    // A connection that another session asked for: it carries that session's blocks, and has no session of its own.
    private async Task JoinAsync(Frame frame, CancellationToken cancellationToken)
    {
        var carrier = _context.Options.Carriers.OfType<TcpStreamsServerCarrier>().FirstOrDefault()
            ?? throw new DwcpTransferException(DwcpErrorCode.NotPermitted, DwcpFault.Client, "This node carries no session over several connections.");
        if (frame.Stream != 0 || frame.Length != TcpStreamsCarrier.TokenSize) throw new DwcpProtocolException("A Join frame carries a token of 32 bytes.");
        _context.PrepareForStripes();
        await carrier.JoinAsync(
            frame.Payload,
            _stream,
            async () =>
            {
                await _channel.WriteAsync(FrameType.Joined, 0, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
                await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                _channel.ReleaseBuffers();
            },
            cancellationToken).ConfigureAwait(false);
    }

    private bool IsSentToV1(OpenMessage open) =>
        _version != VersionLabel.Canary && open.Versions.Contains(1) && _context.Split.VersionFor(open.ClientId) == 1;

    /// <param name="open">What the client asked for.</param>
    /// <param name="decided">The version when the traffic split was asked already: it may answer otherwise a moment later.</param>
    private int Admit(OpenMessage open, int? decided)
    {
        var principal = SessionAuthentication.Authenticate(_context, open.ApiKey);
        if (_context.Draining.IsCancellationRequested) throw DrainingNode();
        var version = decided ?? ChooseVersion(open);
        if (version != 3) return version;
        _store = _context.Store.OpenPrincipal(principal);
        _session = new SessionInfo(Convert.ToHexString(RandomNumberGenerator.GetBytes(8)).ToLowerInvariant(), _version, principal, open.ClientId, _context.RemoteEndPoint, _context.Time.GetUtcNow());
        _context.Observer.SessionStarted(_session);
        return 3;
    }

    private int ChooseVersion(OpenMessage open)
    {
        if (_version == VersionLabel.Canary && open.Versions.Contains(3)) return 3;
        var wanted = _context.Split.VersionFor(open.ClientId);
        if (open.Versions.Contains(wanted)) return wanted;
        throw new DwcpTransferException(
            DwcpErrorCode.NoCommonVersion,
            DwcpFault.Client,
            $"Client '{open.ClientId}' is to speak version {wanted} now and offers {string.Join(", ", open.Versions)}. Offer version {wanted}, too.");
    }

    private async Task ServeAsync(CancellationTokenSource stop)
    {
        var frames = Channel.CreateBounded<Frame>(new BoundedChannelOptions(FramesAhead) { SingleReader = true, SingleWriter = true });
        var reader = ReadFramesAsync(frames.Writer, stop.Token);
        var watch = WatchAsync(frames.Writer, stop);
        try
        {
            await foreach (var frame in frames.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                using (frame)
                {
                    if (frame.Type == FrameType.Close) return;
                    await HandleAsync(frame, stop.Token).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            frames.Writer.TryComplete();
            while (frames.Reader.TryRead(out var left)) left.Dispose();
            await SwallowCancellationAsync(reader).ConfigureAwait(false);
            await SwallowCancellationAsync(watch).ConfigureAwait(false);
        }
    }

    private async Task ReadFramesAsync(ChannelWriter<Frame> frames, CancellationToken cancellationToken)
    {
        Frame? frame = null;
        try
        {
            while ((frame = await ReadFrameAsync(cancellationToken).ConfigureAwait(false)) is not null)
            {
                await frames.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
                frame = null;
            }

            frames.TryComplete();
        }
        catch (ChannelClosedException)
        {
            frame?.Dispose();
        }
        catch (Exception e)
        {
            frame?.Dispose();
            frames.TryComplete(e); // thrown again in ServeAsync
        }
        finally
        {
            _channel.ReleaseBuffers();
        }
    }

    // The next frame of the session. While an offer of a carrier is open, the client decides with its next bytes: over the carrier, or over TLS.
    private async ValueTask<Frame?> ReadFrameAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = _channel.ReadAsync(cancellationToken);
            if (_offer is { } offer)
            {
                var read = reading.AsTask();
                await Task.WhenAny(read, offer.Connected).ConfigureAwait(false);
                if (!read.IsCompleted && offer.Connected.IsCompletedSuccessfully)
                {
                    await SwitchAsync(await offer.Connected.ConfigureAwait(false), read, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                reading = new ValueTask<Frame?>(read);
            }

            var frame = await reading.ConfigureAwait(false);
            if (frame?.Type == FrameType.Carrier)
            {
                using (frame) await AnswerOfferAsync(frame, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // It went another way.
            _offer?.Dispose();
            _offer = null;
            return frame;
        }
    }

    private async ValueTask AnswerOfferAsync(Frame frame, CancellationToken cancellationToken)
    {
        if (frame.Stream != 0 || _control is not null || Volatile.Read(ref _highestStream) != 0) throw new DwcpProtocolException("A carrier is offered before the first stream, or not at all.");
        if (++_offers > WireLimits.MaxCarrierOffers) throw new DwcpProtocolException($"A session offers at most {WireLimits.MaxCarrierOffers} carriers.");
        _offer?.Dispose();
        _offer = null;
        using var reply = new WireWriter();
        var (number, bytes) = ReadOffer(frame);
        reply.Number(number);
        try
        {
            var carrier = _context.Options.Carriers.FirstOrDefault(c => c.Number == number)
                ?? throw new DwcpTransferException(DwcpErrorCode.NotPermitted, DwcpFault.Client, "this node does not have it");
            _offer = carrier.Accept(new ServerCarrierRequest(bytes, _negotiation, _context.RemoteEndPoint));
            reply.Byte(1).Bytes(_offer.Answer.Span);
        }
        catch (DwcpTransferException e) when (e is not DwcpProtocolException)
        {
            reply.Byte(0).Text(e.Message);
        }

        await _channel.WriteAsync(FrameType.CarrierReply, 0, reply, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static (int Number, byte[] Offer) ReadOffer(Frame frame)
    {
        var reader = new WireReader(frame.Payload.Span);
        var number = reader.Count("carrier", 31);
        if (reader.Remaining > WireLimits.MaxCarrierMessage) throw new DwcpProtocolException("The offer of a carrier is too long.");
        return (number, reader.Bytes(reader.Remaining).ToArray());
    }

    private async ValueTask SwitchAsync(CarrierConnection carrier, Task<Frame?> reading, CancellationToken cancellationToken)
    {
        _offer = null; // the session owns the connection from here on
        _carrier = carrier;
        _control = _channel;
        await _control.FlushAsync(cancellationToken).ConfigureAwait(false);
        _wireOfControl = _control.BytesRead + _control.BytesWritten;
        _controlling = KeepControlAsync(_control, carrier, reading, cancellationToken);
        _channel = new FrameChannel(carrier.Stream) { MaxFrameBytes = WireLimits.MaxFrame };
    }

    // After the switch the TLS connection only answers pings: a client whose carrier fell silent asks whether the path or only the carrier is dead.
    // Its end means nothing.
    private static async Task KeepControlAsync(FrameChannel control, CarrierConnection carrier, Task<Frame?> reading, CancellationToken cancellationToken)
    {
        try
        {
            while (await reading.ConfigureAwait(false) is { } frame)
            {
                using (frame)
                {
                    if (frame.Type == FrameType.Close)
                    {
                        // Its carrier is blocked: the client goes on in a new session, and nothing will come here any more.
                        carrier.Fail("the client gave up this way and goes on over another");
                        return;
                    }

                    if (frame.Type != FrameType.Ping || frame.Length > WireLimits.MaxCarrierMessage) return;
                    await control.WriteAsync(FrameType.Pong, 0, frame.Payload.ToArray(), cancellationToken).ConfigureAwait(false);
                    await control.FlushAsync(cancellationToken).ConfigureAwait(false);
                }

                reading = control.ReadAsync(cancellationToken).AsTask();
            }
        }
        catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
        {
            return; // the session does not depend on it
        }
        finally
        {
            control.ReleaseBuffers();
        }
    }

    // Closes a session in which nothing moves, and says goodbye when the node drains.
    private async Task WatchAsync(ChannelWriter<Frame> frames, CancellationTokenSource stop)
    {
        var limit = _context.Options.IdleTimeout;
        var period = TimeSpan.FromMilliseconds(Math.Clamp(limit.TotalMilliseconds / 4, 50, 5000));
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = _context.Draining.Register(() => drained.TrySetResult()).ConfigureAwait(false);
        while (!stop.IsCancellationRequested)
        {
            var tick = Task.Delay(_goingAway ? GoingAwayPeriod : period, stop.Token);
            await Task.WhenAny(tick, _goingAway ? tick : drained.Task).ConfigureAwait(false);
            stop.Token.ThrowIfCancellationRequested();
            if (drained.Task.IsCompleted && !_goingAway)
            {
                _goingAway = true;
                await _channel.WriteAsync(FrameType.GoAway, 0, ReadOnlyMemory<byte>.Empty, stop.Token).ConfigureAwait(false);
                await _channel.FlushAsync(stop.Token).ConfigureAwait(false);
            }

            // What a client sends at this very moment breaks with the connection, and it tries again elsewhere.
            if (_goingAway && Volatile.Read(ref _activePuts) == 0 && _gets.IsEmpty && _bulks.IsEmpty) frames.TryComplete();
            if (_channel.Idle < limit) continue;
            await TryTellAsync(0, new DwcpTransferException(DwcpErrorCode.TimedOut, DwcpFault.Client, $"Nothing moved for {limit.TotalSeconds:0} s; the session is closed.")).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask HandleAsync(Frame frame, CancellationToken cancellationToken)
    {
        switch (frame.Type)
        {
            case FrameType.Put or FrameType.Get or FrameType.List or FrameType.Delete:
            case FrameType.BulkPut or FrameType.BulkGet when _speaksBulk:
                await BeginAsync(frame, cancellationToken).ConfigureAwait(false);
                break;
            case FrameType.Segment or FrameType.Chunks or FrameType.Commit:
                if (_puts.TryGetValue(frame.Stream, out var put)) await HandlePutAsync(put, frame, cancellationToken).ConfigureAwait(false);
                else ThrowUnlessEnded(frame);
                break;
            case FrameType.BulkBegin or FrameType.Extent or FrameType.ExtentVerified or FrameType.BulkDigest or FrameType.BulkProgress or FrameType.Committed or FrameType.Error
                when _bulks.TryGetValue(frame.Stream, out var bulk):
                await bulk.DeliverAsync(frame, cancellationToken).ConfigureAwait(false);
                break;
            case FrameType.BulkBegin or FrameType.Extent or FrameType.ExtentVerified or FrameType.BulkDigest or FrameType.BulkProgress when _speaksBulk:
                ThrowUnlessEnded(frame);
                break;
            case FrameType.SegmentAnswer or FrameType.Acknowledged or FrameType.Committed or FrameType.Error when frame.Payload.Length > MaxAnswerBytes:
                throw new DwcpProtocolException($"A {frame.Type} frame has {frame.Payload.Length} bytes; at most {MaxAnswerBytes} are allowed.");
            case FrameType.SegmentAnswer or FrameType.Acknowledged or FrameType.Committed or FrameType.Error:
                if (_gets.TryGetValue(frame.Stream, out var get)) await get.DeliverAsync(frame, cancellationToken).ConfigureAwait(false);
                else ThrowUnlessEnded(frame);
                break;
            case FrameType.Ping:
                await _channel.WriteAsync(FrameType.Pong, 0, frame.Payload.ToArray(), cancellationToken).ConfigureAwait(false);
                await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new DwcpProtocolException($"A client does not send {frame.Type} frames here.");
        }
    }

    // A client may still be sending on a stream that we ended with an error.
    private void ThrowUnlessEnded(Frame frame)
    {
        if (frame.Stream == 0 || frame.Stream > _highestStream) throw new DwcpProtocolException($"A {frame.Type} frame names stream {frame.Stream}, which was never opened.");
    }

    private async ValueTask BeginAsync(Frame frame, CancellationToken cancellationToken)
    {
        if (frame.Stream <= _highestStream) throw new DwcpProtocolException($"Stream {frame.Stream} is opened out of order.");
        _highestStream = frame.Stream;
        try
        {
            if (_puts.Count + _gets.Count + _bulks.Count >= WireLimits.MaxStreams) throw new DwcpProtocolException(DwcpErrorCode.LimitExceeded, $"A session has at most {WireLimits.MaxStreams} streams at once.");
            if (_goingAway) throw DrainingNode();
            if (_version == VersionLabel.V3 && _context.Split.VersionFor(_session!.ClientId) != 3)
                throw new DwcpTransferException(DwcpErrorCode.VersionChanged, DwcpFault.Client, "This client's version changed. Open a session again.");
            switch (frame.Type)
            {
                case FrameType.Put: BeginPut(frame, cancellationToken); break;
                case FrameType.Get: await BeginGetAsync(frame, cancellationToken).ConfigureAwait(false); break;
                case FrameType.List: await ListAsync(frame, cancellationToken).ConfigureAwait(false); break;
                case FrameType.BulkPut or FrameType.BulkGet: BeginBulk(frame, cancellationToken); break;
                case FrameType.Delete: await DeleteAsync(frame, cancellationToken).ConfigureAwait(false); break;
            }
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network && e is not DwcpProtocolException { Code: DwcpErrorCode.ProtocolViolation })
        {
            await TellAsync(frame.Stream, e, cancellationToken).ConfigureAwait(false);
        }
    }

    private void BeginPut(Frame frame, CancellationToken cancellationToken)
    {
        var reader = new WireReader(frame.Payload.Span);
        var path = ReadObjectPath(ref reader);
        var flags = reader.Count("flags", 3);
        var size = reader.Number("size", long.MaxValue) - 1;
        reader.ExpectEnd("a Put frame");
        // A client that resumes was cut off, perhaps from another node a moment ago: what that node stored counts.
        _store!.Refresh((flags & PutFlags.Resuming) != 0 ? TimeSpan.Zero : RefreshAge);
        if (size > 0) ChargeBriefly(size);
        var sink = new StoreSink(_store, path, _context.Options.MaxEntriesPerObject, (flags & PutFlags.Forget) != 0);
        var put = new Put(frame.Stream, new ObjectReceiver(sink, _resemblance));
        put.Acknowledger = AcknowledgeAsync(put, cancellationToken);
        _puts.Add(frame.Stream, put);
        Volatile.Write(ref _activePuts, _puts.Count);
    }

    // Refuses at once what cannot fit; the entries charge for themselves as they come.
    private void ChargeBriefly(long size)
    {
        using var charge = _store!.BeginCharge();
        charge.Add(size);
    }

    private async ValueTask HandlePutAsync(Put put, Frame frame, CancellationToken cancellationToken)
    {
        var scope = new RequestScope(_context, _version);
        try
        {
            switch (frame.Type)
            {
                case FrameType.Segment:
                    using (var answer = new WireWriter())
                    {
                        await scope.RunAsync(
                            RequestKind.ManifestExchange,
                            async () =>
                            {
                                var before = put.Receiver.KnownBytes + put.Receiver.ZeroBytes;
                                await put.Receiver.HandleSegmentAsync(frame.Payload, answer, cancellationToken).ConfigureAwait(false);
                                ReportBytes(put.Receiver.KnownBytes + put.Receiver.ZeroBytes - before);
                                return true;
                            },
                            cancellationToken).ConfigureAwait(false);
                        foreach (var similar in put.Receiver.SimilarFrames)
                            await _channel.WriteAsync(FrameType.Similar, put.Stream, similar, cancellationToken).ConfigureAwait(false);
                        await _channel.WriteAsync(FrameType.SegmentAnswer, put.Stream, answer, cancellationToken).ConfigureAwait(false);
                        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                    }

                    break;
                case FrameType.Chunks:
                    var (durable, bytes) = await scope.RunAsync(RequestKind.ChunkBatch, () => put.Receiver.HandleChunksAsync(frame.Payload, cancellationToken), cancellationToken).ConfigureAwait(false);
                    ReportBytes(bytes);
                    // Closed when the store failed: the client was told.
                    if (!await put.Durable.Writer.WaitToWriteAsync(cancellationToken).ConfigureAwait(false)) await EndPutAsync(put).ConfigureAwait(false);
                    else put.Durable.Writer.TryWrite((durable, bytes));
                    break;
                default:
                    await CommitAsync(put, frame, scope, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network)
        {
            await EndPutAsync(put).ConfigureAwait(false);
            if (e.Code == DwcpErrorCode.ProtocolViolation) throw;
            await TellAsync(put.Stream, e, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CommitAsync(Put put, Frame frame, RequestScope scope, CancellationToken cancellationToken)
    {
        var root = await scope.RunAsync(RequestKind.Commit, async () => await put.Receiver.HandleCommitAsync(frame.Payload, announced: null, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        await EndPutAsync(put).ConfigureAwait(false);
        using var reply = new WireWriter();
        reply.Hash(root);
        await _channel.WriteAsync(FrameType.Committed, put.Stream, reply, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        ReportBytes(0);
    }

    // Tells the client what became durable, in order, several batches with one frame.
    private async Task AcknowledgeAsync(Put put, CancellationToken cancellationToken)
    {
        long batches = 0;
        try
        {
            while (await put.Durable.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                long bytes = 0;
                while (put.Durable.Reader.TryPeek(out var next) && (bytes == 0 || next.Durable.IsCompletedSuccessfully))
                {
                    await next.Durable.ConfigureAwait(false);
                    put.Durable.Reader.TryRead(out _);
                    batches++;
                    bytes += next.Bytes;
                }

                using var frame = new WireWriter();
                frame.Number(batches).Number(bytes);
                await _channel.WriteAsync(FrameType.Acknowledged, put.Stream, frame, cancellationToken).ConfigureAwait(false);
                await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (DwcpTransferException e) when (e.Fault == DwcpFault.Server)
        {
            // The store refused a batch that the handling task had handed over already: a failed request like any other.
            _context.Observer.RequestCompleted(_version, RequestKind.ChunkBatch, RequestOutcome.ServerError, TimeSpan.Zero);
            put.Durable.Writer.TryComplete();
            await TryTellAsync(put.Stream, e).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or DwcpTransferException)
        {
            put.Durable.Writer.TryComplete(); // the connection is gone; the reading task reports that
        }
    }

    private async ValueTask BeginGetAsync(Frame frame, CancellationToken cancellationToken)
    {
        var (path, flags) = ParseGet(frame);
        var scope = new RequestScope(_context, _version);
        var reader = await scope.RunAsync(
            RequestKind.ManifestExchange,
            () => ValueTask.FromResult(_store!.OpenObject(path) ?? throw NotFound(path)),
            cancellationToken).ConfigureAwait(false);
        using (var reply = new WireWriter())
        {
            reply.Hash(reader.Object.Root).Number(reader.Object.Bytes).Number(reader.Object.Entries);
            await _channel.WriteAsync(FrameType.GetReply, frame.Stream, reply, cancellationToken).ConfigureAwait(false);
        }

        var get = new Get(frame.Stream, reader);
        _gets[frame.Stream] = get;
        get.Running = SendObjectAsync(get, (flags & PutFlags.Forget) == 0, scope, cancellationToken);
    }

    private static (RelativePath Path, int Flags) ParseGet(Frame frame)
    {
        var reader = new WireReader(frame.Payload.Span);
        var parsed = (ReadObjectPath(ref reader), reader.Count("flags", 3));
        reader.ExpectEnd("a Get frame");
        return parsed;
    }

    private async Task SendObjectAsync(Get get, bool resume, RequestScope scope, CancellationToken cancellationToken)
    {
        await Task.Yield(); // the handling task goes on reading answers
        try
        {
            var context = new TransferContext { Resume = resume };
            var sender = new ObjectSender(_channel, get.Stream, new StoredSource(get.Reader), context, measured: build => scope.RunAsync(RequestKind.ChunkBatch, () => ValueTask.FromResult(build()), cancellationToken));
            await sender.SendAsync(get.Inbox.Reader, cancellationToken).ConfigureAwait(false);
            ReportBytes(get.Reader.Object.Bytes);
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network)
        {
            await TryTellAsync(get.Stream, e).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or DwcpTransferException)
        {
            return; // the connection is gone; the reading task reports that
        }
        catch (Exception e)
        {
            // Nobody expects it: the client must hear of it all the same, and it counts.
            _context.Observer.RequestCompleted(_version, RequestKind.ChunkBatch, RequestOutcome.ServerError, TimeSpan.Zero);
            await TryTellAsync(get.Stream, new DwcpTransferException(DwcpErrorCode.ServerFailure, DwcpFault.Server, $"Sending '{get.Reader.Object.Path}' failed inside the node: {e.Message}", e)).ConfigureAwait(false);
        }
        finally
        {
            _gets.TryRemove(get.Stream, out _);
            get.End();
        }
    }

    private void BeginBulk(Frame frame, CancellationToken cancellationToken)
    {
        var bulk = new BulkServing(_channel, frame.Stream, BulkOffer.Read(frame.Payload.Span, frame.Type == FrameType.BulkPut), _store!, _context, _version);
        _bulks[frame.Stream] = bulk;
        bulk.Running = RunBulkAsync(bulk, cancellationToken);
    }

    private async Task RunBulkAsync(BulkServing bulk, CancellationToken cancellationToken)
    {
        await Task.Yield(); // the handling task goes on reading what the client sends
        try
        {
            await bulk.RunAsync(cancellationToken).ConfigureAwait(false);
            ReportBytes(0);
        }
        catch (DwcpTransferException e)
        {
            await TryTellAsync(bulk.Stream, e).ConfigureAwait(false); // also when the payload's connection broke: the session's may stand
        }
        catch (OperationCanceledException)
        {
            return; // the connection is gone; the reading task reports that
        }
        catch (Exception e)
        {
            _context.Observer.RequestCompleted(_version, RequestKind.ChunkBatch, RequestOutcome.ServerError, TimeSpan.Zero);
            await TryTellAsync(bulk.Stream, new DwcpTransferException(DwcpErrorCode.ServerFailure, DwcpFault.Server, $"The bulk transfer failed inside the node: {e.Message}", e)).ConfigureAwait(false);
        }
        finally
        {
            _bulks.TryRemove(bulk.Stream, out _);
            bulk.End();
        }
    }

    private async ValueTask ListAsync(Frame frame, CancellationToken cancellationToken)
    {
        var (prefix, after) = ParseList(frame);
        var objects = await new RequestScope(_context, _version).RunAsync(
            RequestKind.ManifestExchange,
            () => ValueTask.FromResult<IReadOnlyList<StoredObject>>([.. _store!.List(prefix, after).Take(WireLimits.MaxListed + 1)]),
            cancellationToken).ConfigureAwait(false);
        using var reply = new WireWriter();
        reply.Number(Math.Min(objects.Count, WireLimits.MaxListed));
        foreach (var item in objects.Take(WireLimits.MaxListed))
            reply.Text(item.Path).Hash(item.Root).Number(item.Bytes).Number(item.Entries).ZigZag(item.CommittedAt.ToUnixTimeMilliseconds());
        reply.Byte(objects.Count > WireLimits.MaxListed ? (byte)1 : (byte)0);
        await _channel.WriteAsync(FrameType.ListReply, frame.Stream, reply, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static (string Prefix, string After) ParseList(Frame frame)
    {
        var reader = new WireReader(frame.Payload.Span);
        var parsed = (reader.Text("prefix", RelativePath.MaxBytes), reader.Text("after", RelativePath.MaxBytes));
        reader.ExpectEnd("a List frame");
        return parsed;
    }

    private async ValueTask DeleteAsync(Frame frame, CancellationToken cancellationToken)
    {
        var path = ParseDelete(frame);
        var existed = await new RequestScope(_context, _version).RunAsync(RequestKind.Commit, () => ValueTask.FromResult(_store!.Delete(path.Text)), cancellationToken).ConfigureAwait(false);
        await _channel.WriteAsync(FrameType.DeleteReply, frame.Stream, (byte[])[existed ? (byte)1 : (byte)0], cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static RelativePath ParseDelete(Frame frame)
    {
        var reader = new WireReader(frame.Payload.Span);
        var path = ReadObjectPath(ref reader);
        reader.ExpectEnd("a Delete frame");
        return path;
    }

    private static RelativePath ReadObjectPath(ref WireReader reader)
    {
        var path = RelativePath.Parse(reader.Text("path", RelativePath.MaxBytes));
        return path.IsRoot ? throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, "The object has no path. Name it: dwcp://host/path.") : path;
    }

    private async ValueTask EndPutAsync(Put put)
    {
        _puts.Remove(put.Stream);
        put.Durable.Writer.TryComplete();
        await put.Acknowledger.ConfigureAwait(false);
        put.Receiver.Dispose();
        Volatile.Write(ref _activePuts, _puts.Count);
    }

    private async ValueTask EndStreamsAsync()
    {
        foreach (var put in _puts.Values.ToArray()) await EndPutAsync(put).ConfigureAwait(false);
        foreach (var bulk in _bulks.Values.ToArray())
        {
            bulk.End();
            await bulk.Running.ConfigureAwait(false);
        }

        foreach (var get in _gets.Values.ToArray())
        {
            get.Inbox.Writer.TryComplete();
            await get.Running.ConfigureAwait(false);
        }
    }

    private async ValueTask TellAsync(int stream, DwcpTransferException e, CancellationToken cancellationToken)
    {
        using var frame = new WireWriter();
        ErrorFrame.Write(frame, e);
        await _channel.WriteAsync(FrameType.Error, stream, frame, cancellationToken).ConfigureAwait(false);
        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    // The last word on a connection that may be gone: the failure itself is reported whether or not it reaches the client.
    private async ValueTask TryTellAsync(int stream, DwcpTransferException e)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await TellAsync(stream, e, limit.Token).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is DwcpTransferException or OperationCanceledException)
        {
            return;
        }
    }

    private void ReportBytes(long raw)
    {
        var wire = _wireOfControl + _channel.BytesRead + _channel.BytesWritten;
        _context.Observer.BytesMoved(_version, raw, wire - Interlocked.Exchange(ref _reportedWire, wire));
    }

    private static async Task SwallowCancellationAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or DwcpTransferException)
        {
            return; // stopped by us, or the broken connection that already ended the session
        }
    }

    private static DwcpTransferException DrainingNode() => new(DwcpErrorCode.Draining, DwcpFault.Client, "The node is shutting down and takes no new work. Connect again.");

    private static DwcpTransferException NotFound(RelativePath path) => new(DwcpErrorCode.NotFound, DwcpFault.Client, $"There is no object '{path}'. List what is there, and mind upper and lower case.");

    private sealed class Put(int stream, ObjectReceiver receiver)
    {
        public int Stream { get; } = stream;

        public ObjectReceiver Receiver { get; } = receiver;

        public Channel<(Task Durable, long Bytes)> Durable { get; } = Channel.CreateBounded<(Task, long)>(new BoundedChannelOptions(1024) { SingleReader = true, SingleWriter = true });

        public Task Acknowledger { get; set; } = Task.CompletedTask;
    }

    private sealed class Get(int stream, ObjectReader reader)
    {
        public int Stream { get; } = stream;

        public ObjectReader Reader { get; } = reader;

        public Channel<Frame> Inbox { get; } = Channel.CreateBounded<Frame>(new BoundedChannelOptions(InboxFrames) { SingleReader = true, SingleWriter = true });

        public Task Running { get; set; } = Task.CompletedTask;

        public async ValueTask DeliverAsync(Frame frame, CancellationToken cancellationToken)
        {
            var copy = frame.Take();
            try
            {
                await Inbox.Writer.WriteAsync(copy, cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                copy.Dispose(); // it ended meanwhile
            }
        }

        public void End()
        {
            Inbox.Writer.TryComplete();
            Reader.Dispose();
        }
    }
}
