using System.Buffers;
using System.Diagnostics;
using System.IO.Hashing;
using System.Threading.Channels;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Scheduling;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>
/// Sends one object on one stream: segments run ahead of data, data follows without waiting for answers as long as little is at stake, and what the receiver has stays
/// here. The same code sends from a client to a node and from a node to a client.
/// </summary>
internal sealed class ObjectSender
{
    // Segments made, announced and not yet sent: with 4 MiB each the most that a sender holds in memory.
    private const int MaxAhead = 6;

    // Distinct chunks remembered, so that a repeated one is not sent twice before the receiver can say so. 40 bytes each.
    private const int MaxRemembered = 1 << 18;

    private readonly FrameChannel _channel;
    private readonly int _stream;
    private readonly ISegmentSource _source;
    private readonly TransferContext _context;
    private readonly StreamPacer _pacer;
    private readonly bool _resemblance;
    private readonly ChunkDifference _difference = new();
    private readonly Func<Func<(int Count, long Raw)>, ValueTask<(int Count, long Raw)>> _measured;

    // What is on the way; touched by the sending loop only.
    private readonly Queue<Announced> _ahead = [];
    private readonly Dictionary<int, Announced> _unanswered = [];
    private readonly HashSet<ContentHash> _sent = [];
    private readonly Queue<(long Batch, long SentAt)> _batchesUnderWay = [];
    private readonly WireWriter _batch = new(WireLimits.BatchCapacity);
    private readonly WireWriter _directory = new();
    private readonly List<int> _wave = [];
    private readonly LevelPilot _pilot = new();
    private int _announced;
    private long _batches;
    private long _acknowledgedBatches;
    private long _optimisticBytes;
    private long _optimisticWindow;

    /// <param name="channel">The session.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="source">What to send.</param>
    /// <param name="context">How, and what to count.</param>
    /// <param name="resemblance">Whether the receiver expects super-features with each segment and may tell of similar chunks.</param>
    /// <param name="measured">Wraps the making of each batch, for a node to time it as a request; null on a client.</param>
    public ObjectSender(
        FrameChannel channel, int stream, ISegmentSource source, TransferContext context, bool resemblance = false, Func<Func<(int Count, long Raw)>, ValueTask<(int Count, long Raw)>>? measured = null)
    {
        _measured = measured ?? (build => ValueTask.FromResult(build()));
        _channel = channel;
        _stream = stream;
        _source = source;
        _context = context;
        _pacer = new StreamPacer(context.MaxRate);
        _resemblance = resemblance;
        _optimisticWindow = context.Resume ? GuessBytes : long.MaxValue;
    }

    private long GuessBytes => _resemblance && _context.Level >= V3ClientSession.LeastLevelOfResemblance ? WireLimits.OptimisticBytesWithResemblance : WireLimits.OptimisticBytes;

    /// <summary>Sends everything and returns once the receiver committed.</summary>
    /// <param name="inbox">Frames of this stream from the receiver.</param>
    /// <param name="cancellationToken">Gives up; the stream is then of no more use.</param>
    public async Task<ContentHash> SendAsync(ChannelReader<Frame> inbox, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var drafts = Channel.CreateBounded<SegmentDraft>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        var producer = Task.Run(() => ProduceAsync(drafts.Writer, stop.Token), CancellationToken.None);
        try
        {
            await SendSegmentsAsync(drafts.Reader, inbox, cancellationToken).ConfigureAwait(false);
            var root = _source.Hasher.Root();
            using (var commit = new WireWriter())
            {
                commit.Hash(root).Number(_source.Hasher.Bytes).Number(_source.Hasher.Entries).Number(_announced);
                await _channel.WriteAsync(FrameType.Commit, _stream, commit, cancellationToken).ConfigureAwait(false);
                await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            while (true)
            {
                using var frame = await ReadInboxAsync(inbox, cancellationToken).ConfigureAwait(false);
                if (frame.Type == FrameType.Committed) return ReadCommitted(frame, root);
                Handle(frame);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            drafts.Writer.TryComplete();
            while (drafts.Reader.TryRead(out var left)) left.Dispose();
            try
            {
                await producer.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Stopped by the line above; the reason is already on its way.
            }

            foreach (var segment in _ahead) segment.Draft.Dispose();
            _ahead.Clear();
            _batch.Dispose();
            _directory.Dispose();
        }
    }

    private async Task ProduceAsync(ChannelWriter<SegmentDraft> drafts, CancellationToken cancellationToken)
    {
        SegmentDraft? draft = null;
        try
        {
            foreach (var next in _source.ReadSegments(cancellationToken))
            {
                draft = next;
                await drafts.WriteAsync(draft, cancellationToken).ConfigureAwait(false);
                draft = null;
            }

            drafts.TryComplete();
        }
        catch (OperationCanceledException e)
        {
            draft?.Dispose();
            drafts.TryComplete(e);
        }
        catch (ChannelClosedException)
        {
            draft?.Dispose();
        }
        catch (Exception e)
        {
            draft?.Dispose();
            drafts.TryComplete(e); // thrown again in the sending loop
        }
    }

    private async Task SendSegmentsAsync(ChannelReader<SegmentDraft> drafts, ChannelReader<Frame> inbox, CancellationToken cancellationToken)
    {
        var produced = false;
        Task<bool>? draftReady = null;
        Task<bool>? frameReady = null;
        while (!produced || _ahead.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (inbox.TryRead(out var frame))
            {
                using (frame) Handle(frame);
            }

            var mayAnnounce = _ahead.Count < MaxAhead && _unanswered.Count < WireLimits.MaxOpenSegments - 2;
            if (!produced && mayAnnounce && drafts.TryRead(out var draft))
            {
                await AnnounceAsync(draft, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (_ahead.TryPeek(out var head) && await SendFromAsync(head, cancellationToken).ConfigureAwait(false)) continue;

            await _channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            frameReady ??= inbox.WaitToReadAsync(cancellationToken).AsTask();
            if (!produced && mayAnnounce)
            {
                draftReady ??= drafts.WaitToReadAsync(cancellationToken).AsTask();
                await Task.WhenAny(frameReady, draftReady).ConfigureAwait(false);
                if (draftReady.IsCompleted)
                {
                    produced = !await draftReady.ConfigureAwait(false);
                    draftReady = null;
                }
            }

            else
            {
                await frameReady.ConfigureAwait(false);
            }

            if (frameReady.IsCompleted)
            {
                if (!await frameReady.ConfigureAwait(false)) throw ConnectionEnded();
                frameReady = null;
            }
        }
    }

    private async ValueTask AnnounceAsync(SegmentDraft draft, CancellationToken cancellationToken)
    {
        var segment = new Announced(_announced++, draft);
        _ahead.Enqueue(segment);
        _unanswered.Add(segment.Sequence, segment);
        _context.Counters.AddEntries(draft.Entries);
        using var header = new WireWriter(draft.Records.Length + 16);
        header.Number(segment.Sequence).Number(draft.RecordCount).Bytes(draft.Records.Written);
        if (_resemblance)
        {
            header.Number(draft.Features.Count);
            foreach (var features in draft.Features) features.Write(header.Reserve(ChunkFeatures.Size));
        }

        await _channel.WriteAsync(FrameType.Segment, _stream, header, cancellationToken).ConfigureAwait(false);
        AssComponent.RecordSegment(draft.Entries);
    }

    /// <returns>False when nothing may be sent now.</returns>
    private async ValueTask<bool> SendFromAsync(Announced segment, CancellationToken cancellationToken)
    {
        while (segment.Next < segment.Draft.Chunks.Count)
        {
            if (segment.Missing is null && _optimisticBytes >= _optimisticWindow) return false;
            await SendBatchAsync(segment, cancellationToken).ConfigureAwait(false);
            if (segment.Missing is null) return true; // look for answers between optimistic batches
        }

        _ahead.Dequeue();
        segment.Draft.Dispose();
        return true;
    }

    private (int Count, long Raw) MakeBatch(Announced segment)
    {
        _batch.Clear();
        _directory.Clear();
        var level = _context.Level == DwcpLevel.Adaptive ? _pilot.Level : _context.Level;
        var parallel = segment.Draft.IsParallel && level != DwcpLevel.Store && Environment.ProcessorCount > 1;
        var count = 0;
        long raw = 0;
        while (_batch.Length < WireLimits.BatchBytes && count < WireLimits.MaxChunksPerBatch)
        {
            // As many as there are processors, so that a batch grows beyond its size by no more than that.
            _wave.Clear();
            while (segment.Next < segment.Draft.Chunks.Count && _wave.Count < (parallel ? Environment.ProcessorCount : 1))
            {
                var index = segment.Next++;
                var hash = segment.Draft.Chunks[index].Hash;
                if (segment.Missing is { } missing ? !missing[index] : _sent.Contains(hash)) continue;
                if (_sent.Count >= MaxRemembered) _sent.Clear();
                _sent.Add(hash);
                _wave.Add(index);
            }

            if (_wave.Count == 0) break;
            // Differences are made one after another: their base and their search structures are those of one encoder.
            if (_wave.Count > 1 && segment.Similar.Count == 0) WriteWave(segment.Draft, level);
            else foreach (var index in _wave) WriteOne(segment, index, level);
            foreach (var index in _wave) raw += segment.Draft.Chunks[index].Length;
            count += _wave.Count;
        }

        return (count, raw);
    }

    private void WriteOne(Announced segment, int index, DwcpLevel level)
    {
        var written = WritePayload(segment, index, _batch.Space(BlockCodec.MaxEncodedLength(segment.Draft.Chunks[index].Length)), level);
        _batch.Advance(written);
        _directory.Number(index).Number(written);
    }

    private void WriteWave(SegmentDraft draft, DwcpLevel level)
    {
        var coded = new (byte[] Bytes, int Length)[_wave.Count];
        try
        {
            Parallel.For(0, coded.Length, i =>
            {
                var bytes = ArrayPool<byte>.Shared.Rent(BlockCodec.MaxEncodedLength(draft.Chunks[_wave[i]].Length));
                coded[i] = (bytes, 0);
                coded[i].Length = draft.WritePayload(_wave[i], bytes, level);
            });
            for (var i = 0; i < coded.Length; i++)
            {
                _batch.Bytes(coded[i].Bytes.AsSpan(0, coded[i].Length));
                _directory.Number(_wave[i]).Number(coded[i].Length);
            }
        }
        finally
        {
            foreach (var (bytes, _) in coded)
            {
                if (bytes is not null) ArrayPool<byte>.Shared.Return(bytes);
            }
        }
    }

    private int WritePayload(Announced segment, int index, Span<byte> destination, DwcpLevel level)
    {
        if (segment.Similar.TryGetValue(index, out var similar) && segment.Draft.TryGetRaw(index, out var raw))
        {
            var written = _difference.Encode(raw.Span, similar, destination, level);
            if (written > 0)
            {
                HdeComponent.RecordSimilar(raw.Length, written);
                _context.Counters.AddSimilar(raw.Length);
                return written;
            }
        }

        return segment.Draft.WritePayload(index, destination, level);
    }

    private async ValueTask SendBatchAsync(Announced segment, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var (count, raw) = await _measured(() => MakeBatch(segment)).ConfigureAwait(false);
        if (count == 0) return;
        var made = Stopwatch.GetTimestamp();
        if (segment.Missing is null)
        {
            _optimisticBytes += raw;
            segment.Optimistic += raw;
        }

        using (var frame = new WireWriter(_batch.Length + _directory.Length + 64))
        {
            frame.Number(segment.Sequence).Number(count).Bytes(_directory.Written).UInt64(XxHash3.HashToUInt64(_batch.Written)).Bytes(_batch.Written);
            _batchesUnderWay.Enqueue((++_batches, Stopwatch.GetTimestamp()));
            await _channel.WriteAsync(FrameType.Chunks, _stream, frame, cancellationToken).ConfigureAwait(false);
            AssComponent.RecordBatch(count, frame.Length);
        }

        _context.Counters.AddChunkBytes(raw);
        _pilot.OnBatch(raw, _batch.Length, Stopwatch.GetElapsedTime(begun, made), Stopwatch.GetElapsedTime(made));
        await _pacer.PaceAsync(_batch.Length, cancellationToken).ConfigureAwait(false);
    }

    private void Handle(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.SegmentAnswer:
                HandleAnswer(frame.Payload.Span);
                break;
            case FrameType.Similar when _resemblance:
                HandleSimilar(frame.Payload.Span);
                break;
            case FrameType.Acknowledged:
                HandleAcknowledged(frame.Payload.Span);
                break;
            case FrameType.Error:
                throw ErrorFrame.Read(frame.Payload.Span);
            default:
                throw new DwcpProtocolException($"A {frame.Type} frame came while an object is being sent.");
        }
    }

    private void HandleSimilar(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > SimilarFrame.MaxBytes) throw new DwcpProtocolException($"A Similar frame has {payload.Length} bytes; at most {SimilarFrame.MaxBytes} are allowed.");
        var reader = new WireReader(payload);
        var sequence = reader.Count("segment", WireLimits.MaxSegments);
        if (!_unanswered.TryGetValue(sequence, out var segment)) throw new DwcpProtocolException($"Similar chunks are told of for segment {sequence}, which is not open.");
        segment.SimilarPieces += SimilarFrame.Read(ref reader, segment.Draft.Chunks.Count, segment.Similar);
        if (segment.SimilarPieces > WireLimits.MaxSimilarPieces) throw new DwcpProtocolException($"Similar chunks of {segment.SimilarPieces} pieces are told of for one segment; at most {WireLimits.MaxSimilarPieces} are allowed.");
    }

    private void HandleAnswer(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var sequence = reader.Count("segment", WireLimits.MaxSegments);
        if (!_unanswered.Remove(sequence, out var segment)) throw new DwcpProtocolException($"Segment {sequence} was answered, but is not open.");
        var chunks = segment.Draft.Chunks;
        var bits = reader.Bytes((chunks.Count + 7) / 8);
        reader.ExpectEnd("a SegmentAnswer frame");
        var missing = new bool[chunks.Count];
        long have = 0;
        long similar = 0;
        for (var i = 0; i < missing.Length; i++)
        {
            missing[i] = (bits[i / 8] >> (i % 8) & 1) != 0;
            if (missing[i])
            {
                if (segment.Similar.ContainsKey(i)) similar += chunks[i].Length;
                continue;
            }

            have += chunks[i].Length;
            HdeComponent.RecordDuplicate(chunks[i].Length);
        }

        segment.Missing = missing;
        _optimisticBytes -= segment.Optimistic;
        // Sending ahead of the answers pays while the receiver knows little. Once it knows much, its answers are worth waiting for.
        if (_context.Resume && segment.Draft.ChunkBytes > 0) _optimisticWindow = (have + similar) * 2 > segment.Draft.ChunkBytes ? 0 : GuessBytes;
        _context.Counters.AddSkipped(have);
        _context.Counters.AddZeros(segment.Draft.ZeroBytes);
    }

    private void HandleAcknowledged(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var batches = reader.Number("batches", _batches);
        var bytes = reader.Number("bytes", long.MaxValue);
        reader.ExpectEnd("an Acknowledged frame");
        if (batches < _acknowledgedBatches) throw new DwcpProtocolException("An acknowledgement takes an earlier one back.");
        _acknowledgedBatches = batches;
        while (_batchesUnderWay.TryPeek(out var oldest) && oldest.Batch <= batches)
        {
            _batchesUnderWay.Dequeue();
            _context.Counters.ChunkServiceTimes.Record(Stopwatch.GetElapsedTime(oldest.SentAt));
        }

        _context.Counters.AddSafeChunkBytes(bytes);
    }

    private static ContentHash ReadCommitted(Frame frame, ContentHash root)
    {
        var reader = new WireReader(frame.Payload.Span);
        var committed = reader.Hash();
        reader.ExpectEnd("a Committed frame");
        return committed == root ? committed : throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"The receiver committed {committed} where {root} was sent.");
    }

    private static async ValueTask<Frame> ReadInboxAsync(ChannelReader<Frame> inbox, CancellationToken cancellationToken)
    {
        while (await inbox.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (inbox.TryRead(out var frame)) return frame;
        }

        throw ConnectionEnded();
    }

    private static DwcpTransferException ConnectionEnded() => new(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The connection ended before the object was committed.");

    private sealed class Announced(int sequence, SegmentDraft draft)
    {
        public int Sequence { get; } = sequence;

        public SegmentDraft Draft { get; } = draft;

        /// <summary>The receiver's answer, null while it is awaited.</summary>
        public bool[]? Missing { get; set; }

        /// <summary>What the receiver said of chunks that resemble those that it misses.</summary>
        public Dictionary<int, SimilarChunk> Similar { get; } = [];

        /// <summary>How many pieces those have.</summary>
        public int SimilarPieces { get; set; }

        /// <summary>The next chunk to look at.</summary>
        public int Next { get; set; }

        /// <summary>Raw bytes sent before the answer.</summary>
        public long Optimistic { get; set; }
    }
}
