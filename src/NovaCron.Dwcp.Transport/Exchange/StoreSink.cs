using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Receives an object into a principal's store.</summary>
internal sealed class StoreSink : IObjectSink
{
    private readonly PrincipalStore _store;
    private readonly ObjectWriter _writer;
    private readonly QuotaCharge _charge;
    private readonly EntryRules _rules;
    private readonly bool _forget;

    // With "forget", chunks that came in this very transfer still need not come twice.
    private readonly HashSet<ContentHash> _came = [];

    private readonly StoredChunks _chunks;

    public StoreSink(PrincipalStore store, RelativePath path, int maximumEntries, bool forget)
    {
        _store = store;
        _forget = forget;
        _writer = store.BeginObject(path);
        _charge = store.BeginCharge();
        _rules = new EntryRules(maximumEntries);
        _chunks = new StoredChunks(store);
    }

    public void Admit(EntryHeader entry, long number)
    {
        _charge.AddEntry();
        _rules.Admit(entry);
        if (entry.Size is { } size) _charge.Add(size);
    }

    public void AdmitBytes(long bytes) => _charge.Add(bytes);

    public bool Has(in ReceivedRecord record) =>
        _store.TryLocate(record.Record.Hash, (int)record.Record.Length, out _) && (!_forget || _came.Contains(record.Record.Hash));

    public bool TryReadSimilar(in ChunkFeatures features, Span<byte> raw, out ContentHash hash, out int length)
    {
        hash = default;
        length = 0;
        if (_forget || !_store.TryFindSimilar(features, out hash, out var location)) return false;
        length = location.RawLength;
        return _chunks.TryRead(hash, location, raw);
    }

    public bool TryRead(in ContentHash hash, int length, Span<byte> raw) => _store.TryLocate(hash, length, out var location) && _chunks.TryRead(hash, location, raw);

    public ValueTask<Task> StoreAsync(ReceivedRecord record, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> raw, CancellationToken cancellationToken)
    {
        if (_forget) _came.Add(record.Record.Hash);
        return _store.AppendAsync(record.Record.Hash, payload, raw.Length, record.Features, cancellationToken);
    }

    public ValueTask CompleteSegmentAsync(IReadOnlyList<ReceivedRecord> records, CancellationToken cancellationToken)
    {
        foreach (var (record, _, _) in records)
        {
            ChunkLocation location = default;
            if (record.Kind == ManifestRecordKind.Chunk && !_store.TryLocate(record.Hash, (int)record.Length, out location))
                throw _store.WhyLost();
            _writer.Append(record, location);
        }

        return ValueTask.CompletedTask;
    }

    public Task CommitAsync(ContentHash root, long bytes, long entries, CancellationToken cancellationToken) => _writer.CommitAsync(root, bytes, entries);

    public void Dispose()
    {
        _writer.Dispose();
        _chunks.Dispose();
        _charge.Dispose();
    }
}
