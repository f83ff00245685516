using System.Buffers;
using Microsoft.Win32.SafeHandles;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>
/// Reads entries, cuts files into chunks, hashes each once. A segment is what fits into one slab: a piece of a large file, or many small files whole.
/// </summary>
internal sealed class ChunkingSource : ISegmentSource
{
    private readonly IEnumerable<SourceEntry> _entries;
    private readonly bool _describe;
    private readonly Action<FileChunk>? _found;
    private readonly Queue<DataDraft> _ready = [];

    // The segment being made.
    private DataDraft? _draft;
    private byte[] _slab = [];
    private int _used;
    private long _zeros;

    /// <param name="entries">What to read.</param>
    /// <param name="describe">Whether chunks get their super-features, for a receiver that looks for similar ones.</param>
    /// <param name="found">Told of every chunk of a file, zeros left out.</param>
    public ChunkingSource(IEnumerable<SourceEntry> entries, bool describe = false, Action<FileChunk>? found = null)
    {
        _entries = entries;
        _describe = describe;
        _found = found;
    }

    public ObjectHasher Hasher { get; } = new();

    public IEnumerable<SegmentDraft> ReadSegments(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var entry in _entries)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Begin(entry.Header);
                if (entry.Header.Kind == EntryKind.File)
                {
                    if (entry.FullPath is null)
                    {
                        AddMemory(entry.Memory);
                    }
                    else if (entry.Header.Size > 0)
                    {
                        using var file = entry.Open();
                        var offset = 0L;
                        while (ReadSlab(entry, file, ref offset))
                        {
                            cancellationToken.ThrowIfCancellationRequested();
                            while (_ready.TryDequeue(out var draft)) yield return draft;
                        }
                    }

                    EndFile();
                }

                while (_ready.TryDequeue(out var draft)) yield return draft;
            }

            CloseSegment();
            while (_ready.TryDequeue(out var draft)) yield return draft;
        }
        finally
        {
            _draft?.Dispose();
            _draft = null;
            foreach (var draft in _ready) draft.Dispose();
            _ready.Clear();
        }
    }

    private void Begin(EntryHeader entry)
    {
        Hasher.Begin(entry);
        var draft = Draft();
        FlushZeros();
        ManifestRecord.WriteEntry(draft.Records, entry);
        draft.RecordCount++;
        draft.Entries++;
        if (draft.IsFull) CloseSegment();
    }

    private void EndFile()
    {
        Hasher.EndFile();
        var draft = Draft();
        FlushZeros();
        ManifestRecord.WriteEndFile(draft.Records);
        draft.RecordCount++;
        if (draft.IsFull) CloseSegment();
    }

    private void AddMemory(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var length = CutOne(bytes.Span);
            AddChunk(bytes[..length]);
            bytes = bytes[length..];
        }
    }

    // Reads what fits into the slab and cuts it. What is too short to be cut moves to the next slab. False at the file's end.
    private bool ReadSlab(SourceEntry entry, SafeFileHandle file, ref long offset)
    {
        var size = entry.Header.Size!.Value;
        EnsureSlab(size - offset);
        var start = _used;
        var want = (int)Math.Min(_slab.Length - start, size - offset);
        var end = start + ReadFully(entry, file, _slab.AsSpan(start, want), offset);
        if (end - start < want)
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"{entry.FullPath} became shorter while it was read. Send it again when nobody writes it.");
        var atEnd = offset + (end - start) == size;
        var position = start;
        while (end - position >= FastCdc.DefaultMaximum || (atEnd && position < end))
        {
            var length = CutOne(_slab.AsSpan(position, end - position));
            // The slab belongs to the draft: a chunk may close a full draft, and the rest must not go with it.
            if (Draft().IsFull) break;
            if (AddChunk(_slab.AsMemory(position, length)) is { } hash) _found?.Invoke(new FileChunk(entry.FullPath!, offset + position - start, length, hash));
            position += length;
        }

        offset += position - start;
        _used = position;
        if (offset < size) CloseSegment();
        return offset < size;
    }

    private static int ReadFully(SourceEntry entry, SafeFileHandle file, Span<byte> destination, long offset)
    {
        try
        {
            return FileReading.ReadFully(file, destination, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"Cannot read {entry.FullPath}: {e.Message}", e);
        }
    }

    // 256 KiB of zeros hash to a constant that is no boundary, so FastCDC would walk them to the maximum; a test holds it to that.
    private static int CutOne(ReadOnlySpan<byte> data) =>
        data.Length >= FastCdc.DefaultMaximum && BlockCodec.IsZero(data[..FastCdc.DefaultMaximum]) ? FastCdc.DefaultMaximum : FastCdc.Default.Cut(data);

    // Null for zeros.
    private ContentHash? AddChunk(ReadOnlyMemory<byte> chunk)
    {
        var draft = Draft();
        HdeComponent.RecordChunk(chunk.Length);
        if (BlockCodec.IsZero(chunk.Span))
        {
            AmstComponent.RecordZeroBlock(chunk.Length);
            Hasher.AddZeros(chunk.Length);
            _zeros += chunk.Length;
            draft.ZeroBytes += chunk.Length;
            return null;
        }

        FlushZeros();
        var hash = ContentHash.Of(chunk.Span);
        Hasher.AddChunk(hash, chunk.Length);
        ManifestRecord.WriteChunk(draft.Records, hash, chunk.Length);
        draft.RecordCount++;
        draft.Add(hash, chunk);
        if (_describe) draft.Features.Add(ChunkFeatures.Of(chunk.Span));
        if (draft.ChunkBytes >= WireLimits.SegmentDataBytes && _slab.Length == 0) CloseSegment();
        return hash;
    }

    private void FlushZeros()
    {
        if (_zeros == 0) return;
        ManifestRecord.WriteZeros(_draft!.Records, _zeros);
        _draft.RecordCount++;
        _zeros = 0;
    }

    private DataDraft Draft() => _draft ??= new DataDraft();

    // A draft gets its slab when the first file needs one; a later small file shares what is left of it.
    private void EnsureSlab(long wanted)
    {
        if (_slab.Length - _used >= Math.Min(wanted, FastCdc.DefaultMaximum)) return;
        if (_slab.Length > 0) CloseSegment();
        _slab = ArrayPool<byte>.Shared.Rent(WireLimits.SegmentDataBytes);
        _used = 0;
        Draft().Attach(_slab);
    }

    private void CloseSegment()
    {
        FlushZeros();
        if (_draft is { RecordCount: > 0 }) _ready.Enqueue(_draft);
        else _draft?.Dispose();
        _draft = null;
        _slab = [];
        _used = 0;
    }
}
