using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>Puts bytes into a store and reads them back, without a network.</summary>
internal static class Upload
{
    public static async Task<ContentHash> PutAsync(PrincipalStore store, string path, byte[] bytes, Action? beforeCommit = null)
    {
        using var sink = new StoreSink(store, RelativePath.Parse(path), 10, forget: false);
        var hasher = new ObjectHasher();
        var records = new List<ReceivedRecord>();
        async Task AddAsync(ManifestRecord record, ReadOnlyMemory<byte> chunk = default)
        {
            record.AddTo(hasher);
            var received = new ReceivedRecord(record, 1, 0);
            records.Add(received);
            if (record.Kind == ManifestRecordKind.Entry) sink.Admit(record.Entry!, 1);
            if (record.Kind != ManifestRecordKind.Chunk || sink.Has(received)) return;
            var payload = new byte[BlockCodec.MaxEncodedLength(chunk.Length)];
            var length = BlockCodec.Encode(chunk.Span, payload, DwcpLevel.Store);
            await sink.StoreAsync(received, payload.AsMemory(0, length), chunk, default);
        }

        await AddAsync(ManifestRecord.ForEntry(new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, bytes.Length, "")));
        for (var position = 0; position < bytes.Length;)
        {
            var length = FastCdc.Default.Cut(bytes.AsSpan(position));
            await AddAsync(ManifestRecord.ForChunk(ContentHash.Of(bytes.AsSpan(position, length)), length), bytes.AsMemory(position, length));
            position += length;
        }

        await AddAsync(ManifestRecord.ForEndFile());
        await sink.CompleteSegmentAsync(records, default);
        beforeCommit?.Invoke();
        await sink.CommitAsync(hasher.Root(), hasher.Bytes, hasher.Entries, default);
        return hasher.Root();
    }

    public static byte[]? Get(PrincipalStore store, string path)
    {
        using var reader = store.OpenObject(RelativePath.Parse(path));
        if (reader is null) return null;
        var bytes = new MemoryStream();
        var payload = new byte[BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum)];
        var raw = new byte[FastCdc.DefaultMaximum];
        var hasher = new ObjectHasher();
        foreach (var (record, location) in reader.ReadBlocks().SelectMany(b => b.ToArray()))
        {
            record.AddTo(hasher);
            if (record.Kind != ManifestRecordKind.Chunk) continue;
            reader.ReadChunk(record.Hash, location, payload, raw);
            bytes.Write(raw, 0, (int)record.Length);
        }

        Assert.Equal(reader.Object.Root, hasher.Root());
        return bytes.ToArray();
    }
}
