using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Makes segments of a stored object; payloads go out as they were stored, each proved on its way.</summary>
internal sealed class StoredSource(ObjectReader reader) : ISegmentSource
{
    public ObjectHasher Hasher { get; } = new();

    public IEnumerable<SegmentDraft> ReadSegments(CancellationToken cancellationToken)
    {
        StoredDraft? draft = null;
        try
        {
            foreach (var block in reader.ReadBlocks())
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var stored in block)
                {
                    draft ??= new StoredDraft(reader);
                    stored.Record.AddTo(Hasher);
                    draft.Add(stored);
                    if (!draft.IsFull && draft.ChunkBytes < WireLimits.SegmentDataBytes) continue;
                    var full = draft;
                    draft = null;
                    yield return full;
                }
            }

            if (draft is null) yield break;
            var last = draft;
            draft = null;
            yield return last;
        }
        finally
        {
            draft?.Dispose();
        }
    }

    private sealed class StoredDraft(ObjectReader reader) : SegmentDraft
    {
        private readonly List<ChunkLocation> _locations = [];

        public void Add(in StoredRecord stored)
        {
            stored.Record.Write(Records);
            RecordCount++;
            switch (stored.Record.Kind)
            {
                case ManifestRecordKind.Entry:
                    Entries++;
                    break;
                case ManifestRecordKind.Zeros:
                    ZeroBytes += stored.Record.Length;
                    break;
                case ManifestRecordKind.Chunk:
                    AddChunk(stored.Record.Hash, (int)stored.Record.Length);
                    _locations.Add(stored.Location);
                    break;
            }
        }

        public override int WritePayload(int chunk, Span<byte> destination, DwcpLevel level) => reader.ReadPayload(Chunks[chunk].Hash, _locations[chunk], destination);

        protected override void ReleaseData() => _locations.Clear();
    }
}
