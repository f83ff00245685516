using System.Security.Cryptography;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.V1;

/// <summary>
/// Takes a v1 upload into the store that v3 uses, through the same chunks and manifests, so that either version reads what the other wrote. v1 itself knows no chunks:
/// every byte travels.
/// </summary>
internal sealed class StoreUpload : IDisposable
{
    private readonly PrincipalStore _store;
    private readonly StoreSink _sink;
    private readonly ObjectHasher _hasher = new();
    private readonly IncrementalHash _fileHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<ReceivedRecord> _records = [];
    private readonly byte[] _payload = new byte[BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum)];

    // Bytes of the open file that were not cut yet.
    private readonly byte[] _pending = new byte[2 * FastCdc.DefaultMaximum];
    private int _pendingLength;
    private long _zeros;

    public StoreUpload(PrincipalStore store, RelativePath path, SessionServerOptions options)
    {
        _store = store;
        _sink = new StoreSink(store, path, options.MaxEntriesPerObject, forget: false);
    }

    public long Bytes => _hasher.Bytes;

    public void Begin(EntryHeader entry)
    {
        _hasher.Begin(entry);
        _sink.Admit(entry, _hasher.Entries);
        _records.Add(new ReceivedRecord(ManifestRecord.ForEntry(entry), _hasher.Entries, 0));
    }

    public async ValueTask AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_hasher.OpenFile is not { } file) throw new DwcpProtocolException("Data came outside of a file.");
        if (file.Size is null) _sink.AdmitBytes(bytes.Length);
        _fileHash.AppendData(bytes.Span);
        while (!bytes.IsEmpty)
        {
            var count = Math.Min(bytes.Length, _pending.Length - _pendingLength);
            bytes.Span[..count].CopyTo(_pending.AsSpan(_pendingLength));
            _pendingLength += count;
            bytes = bytes[count..];
            await CutAsync(atEnd: false, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="expected">SHA-256 of the whole file, as the client computed it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask EndFileAsync(ReadOnlyMemory<byte> expected, CancellationToken cancellationToken)
    {
        await CutAsync(atEnd: true, cancellationToken).ConfigureAwait(false);
        FlushZeros();
        var path = _hasher.OpenFile?.Path;
        if (!_fileHash.GetHashAndReset().AsSpan().SequenceEqual(expected.Span))
            throw new DwcpProtocolException(DwcpErrorCode.CorruptChunk, $"The file '{path}' has another SHA-256 than declared. Nothing was committed; send it again.");
        _hasher.EndFile();
        _records.Add(new ReceivedRecord(ManifestRecord.ForEndFile(), _hasher.Entries, 0));
        await _sink.CompleteSegmentAsync(_records, cancellationToken).ConfigureAwait(false);
        _records.Clear();
    }

    public async Task<ContentHash> CommitAsync(CancellationToken cancellationToken)
    {
        var root = _hasher.Root();
        await _sink.CompleteSegmentAsync(_records, cancellationToken).ConfigureAwait(false);
        _records.Clear();
        await _sink.CommitAsync(root, _hasher.Bytes, _hasher.Entries, cancellationToken).ConfigureAwait(false);
        return root;
    }

    public void Dispose()
    {
        _sink.Dispose();
        _fileHash.Dispose();
    }

    private async ValueTask CutAsync(bool atEnd, CancellationToken cancellationToken)
    {
        var position = 0;
        while (_pendingLength - position >= FastCdc.DefaultMaximum || (atEnd && position < _pendingLength))
        {
            var length = FastCdc.Default.Cut(_pending.AsSpan(position, _pendingLength - position));
            await AddChunkAsync(_pending.AsMemory(position, length), cancellationToken).ConfigureAwait(false);
            position += length;
        }

        _pending.AsSpan(position, _pendingLength - position).CopyTo(_pending);
        _pendingLength -= position;
    }

    private async ValueTask AddChunkAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
    {
        if (BlockCodec.IsZero(chunk.Span))
        {
            _hasher.AddZeros(chunk.Length);
            _zeros += chunk.Length;
            return;
        }

        FlushZeros();
        var hash = ContentHash.Of(chunk.Span);
        _hasher.AddChunk(hash, chunk.Length);
        var length = BlockCodec.Encode(chunk.Span, _payload, DwcpLevel.Store);
        await _store.AppendAsync(hash, _payload.AsMemory(0, length), chunk.Length, cancellationToken).ConfigureAwait(false);
        _records.Add(new ReceivedRecord(ManifestRecord.ForChunk(hash, chunk.Length), _hasher.Entries, 0));
        if (_records.Count < 1024) return;
        await _sink.CompleteSegmentAsync(_records, cancellationToken).ConfigureAwait(false);
        _records.Clear();
    }

    private void FlushZeros()
    {
        if (_zeros == 0) return;
        _records.Add(new ReceivedRecord(ManifestRecord.ForZeros(_zeros), _hasher.Entries, 0));
        _zeros = 0;
    }
}
