using System.Diagnostics;
using System.Threading.Channels;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>An open v3 session on the client. One request at a time; a task reads frames for it.</summary>
internal sealed class V3ClientSession : IClientSession
{
    private const int InboxFrames = 16;

    // While an object is sent, everything that the node may have to say of 16 open segments: it must never wait for us to read while we wait for it to read.
    // These frames are small, and a larger one is refused.
    private const int AnswerFrames = 512;

    // A carrier that is silent for so long, and for so many round trips, is asked about.
    private static readonly TimeSpan ShortestSilence = TimeSpan.FromSeconds(1);
    private const int SilentRoundTrips = 6;

    // So many times that silence is borne when the TLS connection is gone, too.
    private const int EndedPatience = 3;
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>Super-features cost as much as cutting chunks: they are looked for where bytes are dearer than that.</summary>
    internal const DwcpLevel LeastLevelOfResemblance = DwcpLevel.Balanced;

    private readonly FrameChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;

    // The running request; set by it, read by the reading task.
    private volatile Channel<Frame>? _inbox;
    private readonly bool _offersBulk;
    private readonly bool _resemblance;
    private volatile int _stream;
    private volatile bool _sending;
    private volatile bool _usable = true;
    private volatile DwcpTransferException? _sessionError;
    private long _pingSentAt;

    // The TLS connection of a session that a carrier carries: it only answers whether the path is alive.
    private readonly FrameChannel? _control;
    private readonly Task _watching = Task.CompletedTask;
    private readonly Action<string>? _carrierFailed;
    private long _controlAnsweredAt;
    private volatile bool _controlEnded;

    /// <param name="channel">The open session's.</param>
    /// <param name="features">Those of the node's OpenReply.</param>
    public V3ClientSession(FrameChannel channel, ulong features)
    {
        _channel = channel;
        _offersBulk = (features & WireLimits.BulkFeature) != 0;
        _resemblance = (features & WireLimits.ResemblanceFeature) != 0;
        _reading = ReadFramesAsync();
    }

    /// <param name="control">The TLS connection on which the session was opened.</param>
    /// <param name="features">Those of the node's OpenReply.</param>
    /// <param name="carrier">What carries the session.</param>
    /// <param name="carrierFailed">Hears why the carrier does not get through any more.</param>
    public V3ClientSession(FrameChannel control, ulong features, CarrierConnection carrier, Action<string> carrierFailed)
    {
        _resemblance = (features & WireLimits.ResemblanceFeature) != 0;
        _channel = new FrameChannel(carrier.Stream) { MaxFrameBytes = WireLimits.MaxFrame };
        _control = control;
        _carrierFailed = carrierFailed;
        Carrier = carrier;
        _reading = ReadFramesAsync();
        _watching = WatchCarrierAsync(carrier, control);
    }

    /// <summary>What carries the session, or null when its TLS connection does.</summary>
    public CarrierConnection? Carrier { get; }

    /// <inheritdoc/>
    public bool IsUsable => _usable;

    /// <inheritdoc/>
    public Task<ContentHash> SendAsync(string path, TransferSource source, TransferContext context, CancellationToken cancellationToken) =>
        context.Datacenter is { } wish
            ? PreferBulkAsync(
                wish,
                BulkTransfer.WhyNot(source, wish),
                context,
                bulk => bulk.SendAsync(path, (PathSource)source),
                () => SendInSessionAsync(path, source, context, cancellationToken),
                cancellationToken)
            : SendInSessionAsync(path, source, context, cancellationToken);

    /// <inheritdoc/>
    public Task<ContentHash> ReceiveAsync(string path, TransferSink sink, TransferContext context, CancellationToken cancellationToken) =>
        context.Datacenter is { } wish
            ? PreferBulkAsync(
                wish,
                sink is not PathSink file ? "the destination is memory, not a file" : file.Present is null ? null : "it compares nothing with what stands at the destination",
                context,
                bulk => bulk.ReceiveAsync(path, (PathSink)sink),
                () => ReceiveInSessionAsync(path, sink, context, cancellationToken),
                cancellationToken)
            : ReceiveInSessionAsync(path, sink, context, cancellationToken);

    // The session is always there; the bulk path where both sides want and can.
    private async Task<ContentHash> PreferBulkAsync(
        DatacenterRequest wish, string? whyNot, TransferContext context, Func<BulkTransfer, Task<ContentHash>> bulk, Func<Task<ContentHash>> session, CancellationToken cancellationToken)
    {
        whyNot ??= _offersBulk ? null : "this node does not offer it to this client: its policy names no network that the client is on, or it has none";
        while (whyNot is null)
        {
            var asked = wish;
            try
            {
                return await RequestAsync(context, (stream, inbox) => bulk(new BulkTransfer(_channel, stream, inbox, asked, context, cancellationToken)), cancellationToken).ConfigureAwait(false);
            }
            catch (UcxUnusableException e) when ((wish.Carriers & BulkCarrier.Sockets) != 0 && wish.UcxFailure is null)
            {
                wish = wish with { Carriers = BulkCarrier.Sockets, UcxFailure = e.Message };
            }
            catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.BulkUnavailable && !wish.IsDemand)
            {
                whyNot = e.Message;
            }
        }

        if (wish.IsDemand)
            throw new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, $"The bulk path is required and cannot be had: {whyNot}.");
        context.BulkDeclined = $"bulk path not used: {whyNot}";
        return await session().ConfigureAwait(false);
    }

    private Task<ContentHash> SendInSessionAsync(string path, TransferSource source, TransferContext context, CancellationToken cancellationToken) =>
        RequestAsync(
            context,
            async (stream, inbox) =>
            {
                await PingAsync(cancellationToken).ConfigureAwait(false);
                using (var put = new WireWriter())
                {
                    put.Text(path).Number(FlagsOf(context)).Number(source is MemorySource memory ? memory.Bytes.Length + 1L : 0);
                    await _channel.WriteAsync(FrameType.Put, stream, put, cancellationToken).ConfigureAwait(false);
                }

                var describe = _resemblance && context.Level >= LeastLevelOfResemblance;
                var sender = new ObjectSender(_channel, stream, new ChunkingSource(SourceEntries.Of(source), describe), context, _resemblance);
                return await sender.SendAsync(inbox, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken,
            sending: true);

    private Task<ContentHash> ReceiveInSessionAsync(string path, TransferSink sink, TransferContext context, CancellationToken cancellationToken) =>
        RequestAsync(
            context,
            async (stream, inbox) =>
            {
                await PingAsync(cancellationToken).ConfigureAwait(false);
                using (var get = new WireWriter())
                {
                    get.Text(path).Number(FlagsOf(context));
                    await _channel.WriteAsync(FrameType.Get, stream, get, cancellationToken).ConfigureAwait(false);
                    await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                }

                return await ReceiveObjectAsync(stream, inbox, sink, context, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RemoteObject>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var objects = new List<RemoteObject>();
        var more = true;
        while (more)
        {
            var after = objects.Count == 0 ? "" : objects[^1].Path;
            more = await RequestAsync(
                null,
                async (stream, inbox) =>
                {
                    using var list = new WireWriter();
                    list.Text(prefix).Text(after);
                    await _channel.WriteAsync(FrameType.List, stream, list, cancellationToken).ConfigureAwait(false);
                    await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                    using var reply = await ExpectAsync(inbox, FrameType.ListReply, cancellationToken).ConfigureAwait(false);
                    return ReadList(reply, objects);
                },
                cancellationToken).ConfigureAwait(false);
        }

        return objects;
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken) =>
        RequestAsync(
            null,
            async (stream, inbox) =>
            {
                using var delete = new WireWriter();
                delete.Text(path);
                await _channel.WriteAsync(FrameType.Delete, stream, delete, cancellationToken).ConfigureAwait(false);
                await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                using var reply = await ExpectAsync(inbox, FrameType.DeleteReply, cancellationToken).ConfigureAwait(false);
                return reply.Length == 1 && reply.Payload.Span[0] == 1;
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_usable)
        {
            _usable = false;
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await _channel.WriteAsync(FrameType.Close, 0, ReadOnlyMemory<byte>.Empty, limit.Token).ConfigureAwait(false);
                await _channel.FlushAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
            {
                // The goodbye is a courtesy; the node sees the connection close.
            }
        }

        if (Carrier is not null) await Carrier.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _channel.DisposeAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        if (_control is not null) await _control.DisposeAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stop.Dispose();
    }

    // Silence is a blackout, which is waited for, or a carrier that is blocked, from which the transfer goes on another way. The TLS connection tells which:
    // it is asked once the carrier is silent, and after its answer the carrier is probed for as long again.
    private async Task WatchCarrierAsync(CarrierConnection carrier, FrameChannel control)
    {
        var answers = ReadControlAsync(control);
        var asked = false;
        var (read, readAt) = (_channel.BytesRead, Stopwatch.GetTimestamp());
        try
        {
            while (_usable)
            {
                await Task.Delay(WatchPeriod, _stop.Token).ConfigureAwait(false);
                var state = carrier.ReadState();
                var patience = state.RoundTrip is { } roundTrip && roundTrip * SilentRoundTrips > ShortestSilence ? roundTrip * SilentRoundTrips : ShortestSilence;
                if (_inbox is null || _channel.BytesRead != read) (read, readAt) = (_channel.BytesRead, Stopwatch.GetTimestamp());
                // Who receives only has nothing in flight: without a question there is no silence.
                else if (Stopwatch.GetElapsedTime(readAt) >= patience) carrier.Probe();

                if (_controlEnded)
                {
                    // Nobody is left to be asked. Together with silence: the node was restarted, or the path is gone for long; a new connection finds out.
                    if (state.Silence < patience * EndedPatience) continue;
                    carrier.Fail($"the node answers neither over {carrier.Name} nor over TCP any more");
                    return;
                }

                if (state.Silence < patience)
                {
                    asked = false;
                }
                else if (!asked)
                {
                    asked = true;
                    Interlocked.Exchange(ref _controlAnsweredAt, 0);
                    _controlEnded |= !await TryAskAsync(control).ConfigureAwait(false);
                }
                else if (Interlocked.Read(ref _controlAnsweredAt) is var answered and not 0)
                {
                    carrier.Probe();
                    if (Stopwatch.GetElapsedTime(answered) < patience) continue;
                    await LeaveCarrierAsync(carrier, control).ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
        {
            return; // the session ended, or its TLS connection, on which it does not depend
        }
        finally
        {
            await answers.ConfigureAwait(false);
        }
    }

    private async Task<bool> TryAskAsync(FrameChannel control)
    {
        try
        {
            await control.WriteAsync(FrameType.Ping, 0, ReadOnlyMemory<byte>.Empty, _stop.Token).ConfigureAwait(false);
            await control.FlushAsync(_stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (DwcpTransferException)
        {
            return false; // it broke: the session does not depend on it
        }
    }

    private async Task LeaveCarrierAsync(CarrierConnection carrier, FrameChannel control)
    {
        var reason = $"{carrier.Name} is no longer answered while TCP is: it was blocked on the way";
        _carrierFailed?.Invoke(reason);
        carrier.Fail(reason);
        // The node need not wait for the carrier's own limit of silence.
        await control.WriteAsync(FrameType.Close, 0, ReadOnlyMemory<byte>.Empty, _stop.Token).ConfigureAwait(false);
        await control.FlushAsync(_stop.Token).ConfigureAwait(false);
    }

    private async Task ReadControlAsync(FrameChannel control)
    {
        try
        {
            while (await control.ReadAsync(_stop.Token).ConfigureAwait(false) is { } frame)
            {
                using (frame)
                {
                    if (frame.Type == FrameType.Pong) Interlocked.Exchange(ref _controlAnsweredAt, Stopwatch.GetTimestamp());
                    else if (frame.Type == FrameType.GoAway) _usable = false;
                }
            }
        }
        catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
        {
            return; // a session on a carrier outlives its TLS connection
        }
        finally
        {
            _controlEnded = true;
            control.ReleaseBuffers();
        }
    }

    private static int FlagsOf(TransferContext context) => (context.Resume ? 0 : PutFlags.Forget) | (context.Resuming ? PutFlags.Resuming : 0);

    private static bool ReadList(Frame reply, List<RemoteObject> objects)
    {
        var reader = new WireReader(reply.Payload.Span);
        var count = reader.Count("objects", WireLimits.MaxListed);
        for (var i = 0; i < count; i++)
        {
            objects.Add(new RemoteObject(
                reader.Text("path", RelativePath.MaxBytes),
                reader.Hash(),
                reader.Number("bytes", long.MaxValue),
                reader.Number("entries", long.MaxValue),
                DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(reader.ZigZag(), -62_135_596_800_000, 253_402_300_799_999))));
        }

        var more = reader.Byte() == 1;
        reader.ExpectEnd("a ListReply frame");
        return more && count > 0;
    }

    private async Task<ContentHash> ReceiveObjectAsync(int stream, ChannelReader<Frame> inbox, TransferSink sink, TransferContext context, CancellationToken cancellationToken)
    {
        ContentHash root;
        long bytes;
        using (var reply = await ExpectAsync(inbox, FrameType.GetReply, cancellationToken).ConfigureAwait(false))
        {
            (root, bytes) = ReadGetReply(reply);
        }

        context.TotalBytes = bytes;
        using var receiver = new ObjectReceiver(OpenSink(sink, root, bytes, context.Resume, out var buffer));
        while (true)
        {
            using var frame = await ReadInboxAsync(inbox, cancellationToken).ConfigureAwait(false);
            switch (frame.Type)
            {
                case FrameType.Segment:
                    using (var answer = new WireWriter())
                    {
                        var (known, zeros, entries) = (receiver.KnownBytes, receiver.ZeroBytes, receiver.Hasher.Entries);
                        await receiver.HandleSegmentAsync(frame.Payload, answer, cancellationToken).ConfigureAwait(false);
                        await _channel.WriteAsync(FrameType.SegmentAnswer, stream, answer, cancellationToken).ConfigureAwait(false);
                        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                        context.Counters.AddSkipped(receiver.KnownBytes - known);
                        context.Counters.AddZeros(receiver.ZeroBytes - zeros);
                        context.Counters.AddEntries(receiver.Hasher.Entries - entries);
                    }

                    break;
                case FrameType.Chunks:
                    var duplicates = receiver.DuplicateBytes;
                    var start = Stopwatch.GetTimestamp();
                    var (_, wanted) = await receiver.HandleChunksAsync(frame.Payload, cancellationToken).ConfigureAwait(false);
                    context.Counters.ChunkServiceTimes.Record(Stopwatch.GetElapsedTime(start));
                    context.Counters.AddChunkBytes(wanted + receiver.DuplicateBytes - duplicates);
                    context.Counters.AddSafeChunkBytes(wanted);
                    break;
                case FrameType.Commit:
                    var committed = await receiver.HandleCommitAsync(frame.Payload, root, cancellationToken).ConfigureAwait(false);
                    if (sink is MemorySink memory) memory.Bytes = buffer!.Committed!.Value;
                    using (var reply = new WireWriter())
                    {
                        reply.Hash(committed);
                        await _channel.WriteAsync(FrameType.Committed, stream, reply, cancellationToken).ConfigureAwait(false);
                        await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
                    }

                    return committed;
                case FrameType.Error:
                    throw ErrorFrame.Read(frame.Payload.Span);
                default:
                    throw new DwcpProtocolException($"A {frame.Type} frame came while an object is being received.");
            }
        }
    }

    private static IObjectSink OpenSink(TransferSink sink, in ContentHash root, long bytes, bool resume, out BufferSink? buffer)
    {
        buffer = null;
        if (sink is MemorySink memory)
        {
            if (bytes > memory.MaximumBytes)
                throw new DwcpTransferException(DwcpErrorCode.LimitExceeded, DwcpFault.Client, $"The object has {bytes} bytes; the caller allows {memory.MaximumBytes} in memory.");
            return buffer = new BufferSink(memory.MaximumBytes);
        }

        var path = (PathSink)sink;
        var directory = new DirectorySink(path.Path, int.MaxValue, path.Present);
        directory.Begin(root, resume);
        return directory;
    }

    private static (ContentHash Root, long Bytes) ReadGetReply(Frame reply)
    {
        var reader = new WireReader(reply.Payload.Span);
        var root = reader.Hash();
        var bytes = reader.Number("bytes", long.MaxValue);
        _ = reader.Number("entries", long.MaxValue);
        reader.ExpectEnd("a GetReply frame");
        return (root, bytes);
    }

    private async Task<T> RequestAsync<T>(TransferContext? context, Func<int, ChannelReader<Frame>, Task<T>> body, CancellationToken cancellationToken, bool sending = false)
    {
        _sending = sending;
        var inbox = Channel.CreateBounded<Frame>(new BoundedChannelOptions(sending ? AnswerFrames : InboxFrames) { SingleReader = true, SingleWriter = true });
        var (sent, received) = (_channel.BytesWritten, _channel.BytesRead);
        context?.CountWireFrom(() => (_channel.BytesWritten - sent, _channel.BytesRead - received));
        _inbox = inbox;
        var stream = ++_stream;
        // The reading task may have ended before it saw the inbox.
        if (_reading.IsCompleted) inbox.Writer.TryComplete();
        var answered = false;
        try
        {
            var result = await body(stream, inbox.Reader).ConfigureAwait(false);
            answered = true;
            return result;
        }
        catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.ConnectionFailed && _sessionError is { } told)
        {
            // The connection broke because the node ended the session, and it said why.
            throw told;
        }
        catch (DwcpTransferException e) when (e is not DwcpProtocolException && e.Fault != DwcpFault.Network && e.Code is not (DwcpErrorCode.LocalFile or DwcpErrorCode.ProtocolViolation))
        {
            answered = true; // the node's refusal of this one request
            throw;
        }
        finally
        {
            // A request that was left in its middle leaves the session in a state that only closing resolves.
            if (!answered) _usable = false;
            context?.StopCountingWire();
            _inbox = null;
            inbox.Writer.TryComplete();
            while (inbox.Reader.TryRead(out var left)) left.Dispose();
        }
    }

    private async Task ReadFramesAsync()
    {
        try
        {
            while (await _channel.ReadAsync(_stop.Token).ConfigureAwait(false) is { } frame)
            {
                if (await DispatchAsync(frame).ConfigureAwait(false)) continue;
                frame.Dispose();
                break;
            }

            _inbox?.Writer.TryComplete();
        }
        catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
        {
            // ObjectSender and the request hear of it through their inbox.
            _sessionError ??= e is DwcpProtocolException violation ? violation : null;
            _inbox?.Writer.TryComplete();
        }
        finally
        {
            _usable = false;
            _channel.ReleaseBuffers();
        }
    }

    private async ValueTask<bool> DispatchAsync(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Pong:
                if (Interlocked.Exchange(ref _pingSentAt, 0) is var sentAt and not 0) AcpComponent.RecordRoundTrip(Stopwatch.GetElapsedTime(sentAt));
                frame.Dispose();
                return true;
            case FrameType.GoAway:
                _usable = false;
                frame.Dispose();
                return true;
            case FrameType.Error when frame.Stream == 0:
                _sessionError = ErrorFrame.Read(frame.Payload.Span);
                return false;
        }

        if (frame.Stream == _stream && _inbox is { } inbox)
        {
            if (_sending && frame.Payload.Length > SimilarFrame.MaxBytes)
                throw new DwcpProtocolException($"A {frame.Type} frame of {frame.Payload.Length} bytes came while an object is being sent; at most {SimilarFrame.MaxBytes} are allowed.");
            try
            {
                await inbox.Writer.WriteAsync(frame, _stop.Token).ConfigureAwait(false);
                return true;
            }
            catch (ChannelClosedException)
            {
                // The request ended while its last frames were under way.
            }
        }

        frame.Dispose();
        return true;
    }

    // Measures the round trip beside the first request; never waits for the answer.
    private async ValueTask PingAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _pingSentAt, Stopwatch.GetTimestamp(), 0) != 0) return;
        await _channel.WriteAsync(FrameType.Ping, 0, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Frame> ExpectAsync(ChannelReader<Frame> inbox, FrameType type, CancellationToken cancellationToken)
    {
        var frame = await ReadInboxAsync(inbox, cancellationToken).ConfigureAwait(false);
        if (frame.Type == type) return frame;
        using (frame)
        {
            throw frame.Type == FrameType.Error ? ErrorFrame.Read(frame.Payload.Span) : new DwcpProtocolException($"The node sent {frame.Type} where {type} was due.");
        }
    }

    private static async Task<Frame> ReadInboxAsync(ChannelReader<Frame> inbox, CancellationToken cancellationToken)
    {
        while (await inbox.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (inbox.TryRead(out var frame)) return frame;
        }

        throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The connection ended before the request was answered.");
    }
}
