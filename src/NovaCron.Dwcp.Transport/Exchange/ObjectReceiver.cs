using System.Buffers;
using System.IO.Hashing;
using System.Security.Cryptography;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>
/// Receives one object on one stream: checks every field, answers each segment with what is missing, verifies every chunk before the sink sees it, recomputes the
/// object's hash. The same code receives on a node and on a client. It does no I/O of its own: frames in, answers and sink calls out.
/// </summary>
internal sealed class ObjectReceiver : IDisposable
{
    private readonly IObjectSink _sink;
    private readonly ObjectHasher _hasher = new();
    private readonly Queue<OpenSegment> _open = [];
    private readonly byte[] _raw = ArrayPool<byte>.Shared.Rent(FastCdc.DefaultMaximum);

    // Chunks asked for and not here yet. With the length: a record that lies about it must not ride on one that does not.
    private readonly HashSet<(ContentHash Hash, long Length)> _expected = [];
    private int _nextSequence;

    // Resemblance: only where it was agreed on.
    private readonly bool _resemblance;
    private readonly List<WireWriter> _similarFrames = [];
    private readonly List<ulong> _fingerprints = [];
    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private ChunkDifference? _difference;
    private byte[] _similar = [];
    private byte[] _encoded = [];

    /// <param name="sink">Where the object goes.</param>
    /// <param name="resemblance">Whether segments carry super-features, and chunks may come as differences.</param>
    public ObjectReceiver(IObjectSink sink, bool resemblance = false)
    {
        _sink = sink;
        _resemblance = resemblance;
    }

    /// <summary>Payloads of Similar frames that go before the answer of the last segment.</summary>
    public IReadOnlyList<WireWriter> SimilarFrames => _similarFrames;

    /// <summary>Raw bytes of chunks that came as differences.</summary>
    public long SimilarBytes { get; private set; }

    /// <summary>Raw bytes of chunks that came and were wanted.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Raw bytes of chunks that came although they were here already.</summary>
    public long DuplicateBytes { get; private set; }

    /// <summary>Raw bytes that did not have to come.</summary>
    public long KnownBytes { get; private set; }

    /// <summary>Bytes of zeros declared.</summary>
    public long ZeroBytes { get; private set; }

    public ObjectHasher Hasher => _hasher;

    /// <summary>Takes a Segment frame and writes the payload of its answer.</summary>
    public async ValueTask HandleSegmentAsync(ReadOnlyMemory<byte> payload, WireWriter answer, CancellationToken cancellationToken)
    {
        _open.Enqueue(ParseSegment(payload.Span, answer));
        await CompleteSegmentsAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a Chunks frame.</summary>
    /// <returns>Completes when its chunks are safe; and their raw bytes, as far as they were wanted.</returns>
    public async ValueTask<(Task Durable, long Bytes)> HandleChunksAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var batch = ParseBatch(payload.Span);
        var durable = Task.CompletedTask;
        long bytes = 0;
        var position = batch.DataOffset;
        foreach (var (index, length) in batch.Items)
        {
            var encoded = payload.Slice(position, length);
            position += length;
            if (batch.Segment is not { } segment || !segment.Missing[index])
            {
                // Sent before our answer arrived, or twice: harmless, and counted.
                DuplicateBytes += batch.Segment is { } known ? known.Records[known.ChunkRecords[index]].Record.Length : length;
                continue;
            }

            var record = segment.Records[segment.ChunkRecords[index]];
            var raw = Verify(segment, index, record.Record, encoded);
            if (IsDifference(encoded))
            {
                HdeComponent.RecordSimilar(raw.Length, encoded.Length);
                SimilarBytes += raw.Length;
                encoded = Encode(raw);
            }

            var stored = await _sink.StoreAsync(record, encoded, raw, cancellationToken).ConfigureAwait(false);
            if (!stored.IsCompletedSuccessfully) durable = stored; // commits are in order: the last one covers those before
            segment.Missing[index] = false;
            segment.MissingCount--;
            _expected.Remove((record.Record.Hash, record.Record.Length));
            bytes += raw.Length;
        }

        ReceivedBytes += bytes;
        await CompleteSegmentsAsync(cancellationToken).ConfigureAwait(false);
        return (durable, bytes);
    }

    /// <summary>Takes a Commit frame: checks that everything is here and adds up, and has the sink commit.</summary>
    /// <param name="payload">The frame's payload.</param>
    /// <param name="announced">What the sender said it would send, if it said so: anything else is not committed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ContentHash> HandleCommitAsync(ReadOnlyMemory<byte> payload, ContentHash? announced, CancellationToken cancellationToken)
    {
        var (root, bytes, entries, segments) = ParseCommit(payload.Span);
        if (announced is { } promised && promised != root)
            throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"{promised} was announced and {root} sent. Nothing of it was committed.");
        if (segments != _nextSequence) throw new DwcpProtocolException(DwcpErrorCode.TruncatedManifest, $"The commit counts {segments} segments; {_nextSequence} came.");
        if (_open.Count > 0) throw new DwcpProtocolException(DwcpErrorCode.TruncatedManifest, $"The commit came while {_open.Sum(s => s.MissingCount)} chunks were missing.");
        var computed = _hasher.Root();
        if (computed != root || bytes != _hasher.Bytes || entries != _hasher.Entries)
        {
            throw new DwcpProtocolException(
                DwcpErrorCode.ManifestMismatch,
                $"The commit says {root}, {bytes} bytes, {entries} entries; what came is {computed}, {_hasher.Bytes} bytes, {_hasher.Entries} entries.");
        }

        await _sink.CommitAsync(root, bytes, entries, cancellationToken).ConfigureAwait(false);
        return root;
    }

    public void Dispose()
    {
        ClearSimilarFrames();
        if (_similar.Length > 0) ArrayPool<byte>.Shared.Return(_similar);
        if (_encoded.Length > 0) ArrayPool<byte>.Shared.Return(_encoded);
        _similar = _encoded = [];
        ArrayPool<byte>.Shared.Return(_raw);
        _sink.Dispose();
    }

    private static (ContentHash Root, long Bytes, long Entries, int Segments) ParseCommit(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var commit = (reader.Hash(), reader.Number("bytes", long.MaxValue), reader.Number("entries", long.MaxValue), reader.Count("segments", WireLimits.MaxSegments));
        reader.ExpectEnd("a Commit frame");
        return commit;
    }

    private OpenSegment ParseSegment(ReadOnlySpan<byte> payload, WireWriter answer)
    {
        if (payload.Length > WireLimits.MaxSegmentBytes + 32 + (_resemblance ? WireLimits.MaxRecordsPerSegment * ChunkFeatures.Size : 0)) throw new DwcpProtocolException($"A segment has {payload.Length} bytes; at most {WireLimits.MaxSegmentBytes} are allowed.");
        if (_open.Count >= WireLimits.MaxOpenSegments) throw new DwcpProtocolException($"More than {WireLimits.MaxOpenSegments} segments are open at once.");
        var reader = new WireReader(payload);
        var sequence = reader.Count("segment", WireLimits.MaxSegments);
        if (sequence != _nextSequence) throw new DwcpProtocolException($"Segment {sequence} came where {_nextSequence} was due.");
        var count = reader.Count("records", WireLimits.MaxRecordsPerSegment);
        var segment = new OpenSegment(sequence, Math.Min(count, payload.Length));
        for (var i = 0; i < count; i++) AddRecord(segment, ManifestRecord.Read(ref reader));
        if (_resemblance) ReadFeatures(segment, ref reader);
        reader.ExpectEnd("a Segment frame");
        _nextSequence++;
        segment.Missing = new bool[segment.ChunkRecords.Count];
        answer.Number(sequence);
        var bits = answer.Reserve((segment.Missing.Length + 7) / 8);
        bits.Clear();
        for (var i = 0; i < segment.Missing.Length; i++)
        {
            var record = segment.Records[segment.ChunkRecords[i]];
            // A chunk that an earlier record asked for is on its way; asking twice would send it twice.
            if (_expected.Contains((record.Record.Hash, record.Record.Length)) || _sink.Has(record))
            {
                KnownBytes += record.Record.Length;
                continue;
            }

            segment.Missing[i] = true;
            segment.MissingCount++;
            _expected.Add((record.Record.Hash, record.Record.Length));
            bits[i / 8] |= (byte)(1 << (i % 8));
        }

        if (_resemblance) FindSimilar(segment);
        return segment;
    }

    private static void ReadFeatures(OpenSegment segment, ref WireReader reader)
    {
        var count = reader.Count("super-features", segment.ChunkRecords.Count);
        if (count == 0) return;
        if (count != segment.ChunkRecords.Count) throw new DwcpProtocolException($"A segment of {segment.ChunkRecords.Count} chunks has super-features of {count}.");
        foreach (var at in segment.ChunkRecords) segment.Records[at] = segment.Records[at] with { Features = ChunkFeatures.Read(reader.Bytes(ChunkFeatures.Size)) };
    }

    // Reading costs time and the sender waits for the answer: so much for a segment, and no more, whoever asks.
    private void FindSimilar(OpenSegment segment)
    {
        ClearSimilarFrames();
        var budget = WireLimits.MaxSimilarBytes;
        for (var i = 0; i < segment.Missing.Length && budget >= FastCdc.DefaultMaximum; i++)
        {
            var record = segment.Records[segment.ChunkRecords[i]];
            if (!segment.Missing[i] || record.Features.IsNone) continue;
            if (_similar.Length == 0) _similar = ArrayPool<byte>.Shared.Rent(FastCdc.DefaultMaximum);
            if (!_sink.TryReadSimilar(record.Features, _similar.AsSpan(0, FastCdc.DefaultMaximum), out var hash, out var length)) continue;
            budget -= length;
            _fingerprints.Clear();
            ChunkDifference.Describe(_similar.AsSpan(0, length), _seed, _fingerprints);
            if (_fingerprints.Count > SimilarFrame.MaxPieces) continue;
            if (_similarFrames.Count == 0 || !SimilarFrame.HasRoom(_similarFrames[^1], _fingerprints.Count))
            {
                _similarFrames.Add(new WireWriter(SimilarFrame.MaxBytes));
                SimilarFrame.Begin(_similarFrames[^1], segment.Sequence, _seed);
            }

            SimilarFrame.Add(_similarFrames[^1], i, hash, _fingerprints);
            segment.Similar.Add(i, (hash, length));
        }
    }

    private void ClearSimilarFrames()
    {
        foreach (var frame in _similarFrames) frame.Dispose();
        _similarFrames.Clear();
    }

    private static bool IsDifference(ReadOnlyMemory<byte> encoded) => encoded.Length > 0 && encoded.Span[0] == ChunkDifference.Method;

    // What is stored decodes by itself, and quickly: the next version's similar chunk is read while its sender waits.
    private ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> raw)
    {
        if (_encoded.Length == 0) _encoded = ArrayPool<byte>.Shared.Rent(BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum));
        return _encoded.AsMemory(0, BlockCodec.Encode(raw.Span, _encoded, DwcpLevel.Fast));
    }

    private void Restore(OpenSegment segment, int index, ReadOnlySpan<byte> difference, Span<byte> destination)
    {
        if (!segment.Similar.TryGetValue(index, out var similar)) throw new DwcpProtocolException($"A difference came for chunk {index} of segment {segment.Sequence}, for which none was asked.");
        if (!_sink.TryRead(similar.Hash, similar.Length, _similar))
        {
            throw new DwcpTransferException(
                DwcpErrorCode.StorageFailed, DwcpFault.Server, $"The chunk {similar.Hash}, from which another differs, was reclaimed or damaged meanwhile. Send the object again.");
        }

        (_difference ??= new ChunkDifference()).Decode(difference, _similar.AsSpan(0, similar.Length), destination);
    }

    private void AddRecord(OpenSegment segment, in ManifestRecord record)
    {
        var offset = _hasher.OpenFileBytes;
        var file = _hasher.OpenFile;
        if (record.Kind is ManifestRecordKind.Chunk or ManifestRecordKind.Zeros && file is { Size: null }) _sink.AdmitBytes(record.Length);
        record.AddTo(_hasher);
        if (record.Kind == ManifestRecordKind.Entry) _sink.Admit(record.Entry!, _hasher.Entries);
        if (record.Kind == ManifestRecordKind.Zeros) ZeroBytes += record.Length;
        if (record.Kind == ManifestRecordKind.Chunk) segment.ChunkRecords.Add(segment.Records.Count);
        segment.Records.Add(new ReceivedRecord(record, _hasher.Entries, offset));
    }

    private Batch ParseBatch(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var sequence = reader.Count("segment", WireLimits.MaxSegments);
        if (sequence >= _nextSequence) throw new DwcpProtocolException($"Chunks came for segment {sequence}, which was not declared.");
        var segment = _open.FirstOrDefault(s => s.Sequence == sequence);
        var count = reader.Count("chunks", WireLimits.MaxChunksPerBatch);
        var items = new List<(int Index, int Length)>(Math.Min(count, payload.Length));
        long total = 0;
        for (var i = 0; i < count; i++)
        {
            var index = reader.Count("chunk", WireLimits.MaxRecordsPerSegment);
            if (segment is not null && index >= segment.ChunkRecords.Count) throw new DwcpProtocolException($"Segment {sequence} has no chunk {index}.");
            var length = reader.Count("encoded length", BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum));
            items.Add((index, length));
            total += length;
        }

        var checksum = reader.UInt64();
        if (total != reader.Remaining) throw new DwcpProtocolException($"A batch declares {total} bytes of chunks and carries {reader.Remaining}.");
        var position = reader.Position;
        if (XxHash3.HashToUInt64(reader.Rest()) != checksum)
            throw new DwcpProtocolException(DwcpErrorCode.CorruptChunk, "A batch of chunks has another checksum than declared; it was damaged on the way. Send it again.");
        return new Batch(segment, items, position);
    }

    private ReadOnlyMemory<byte> Verify(OpenSegment segment, int index, in ManifestRecord record, ReadOnlyMemory<byte> encoded)
    {
        var length = (int)record.Length;
        ReadOnlyMemory<byte> raw;
        try
        {
            if (_resemblance && IsDifference(encoded))
            {
                Restore(segment, index, encoded.Span, _raw.AsSpan(0, length));
                raw = _raw.AsMemory(0, length);
            }
            else if (BlockCodec.TryGetStored(encoded.Span, out _))
            {
                raw = encoded[1..];
            }
            else
            {
                BlockCodec.Decode(encoded.Span, _raw.AsSpan(0, length));
                raw = _raw.AsMemory(0, length);
            }
        }
        catch (DwcpFormatException e)
        {
            throw new DwcpProtocolException(DwcpErrorCode.CorruptChunk, $"The chunk {record.Hash} does not decode: {e.Message}");
        }

        if (raw.Length != length || ContentHash.Of(raw.Span) != record.Hash)
            throw new DwcpProtocolException(DwcpErrorCode.CorruptChunk, $"A chunk declared as {record.Hash} with {length} bytes is something else. Nothing of it was stored.");
        return raw;
    }

    private async ValueTask CompleteSegmentsAsync(CancellationToken cancellationToken)
    {
        while (_open.TryPeek(out var segment) && segment.MissingCount == 0)
        {
            await _sink.CompleteSegmentAsync(segment.Records, cancellationToken).ConfigureAwait(false);
            _open.Dequeue();
        }
    }

    private readonly record struct Batch(OpenSegment? Segment, List<(int Index, int Length)> Items, int DataOffset);

    private sealed class OpenSegment(int sequence, int capacity)
    {
        public int Sequence { get; } = sequence;

        public List<ReceivedRecord> Records { get; } = new(capacity);

        /// <summary>Positions of the chunks among the records.</summary>
        public List<int> ChunkRecords { get; } = [];

        public bool[] Missing { get; set; } = [];

        /// <summary>The chunks told of that resemble missing ones, by index among the chunks.</summary>
        public Dictionary<int, (ContentHash Hash, int Length)> Similar { get; } = [];

        public int MissingCount { get; set; }
    }
}
