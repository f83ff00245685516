using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>One manifest segment on its way out, with the data of its chunks until they are sent.</summary>
internal abstract class SegmentDraft : IDisposable
{
    private readonly List<(ContentHash Hash, int Length)> _chunks = [];

    /// <summary>The records as they travel.</summary>
    public WireWriter Records { get; } = new();

    public int RecordCount { get; set; }

    public IReadOnlyList<(ContentHash Hash, int Length)> Chunks => _chunks;

    /// <summary>Super-features of the chunks, one each; empty where the source does not look for them.</summary>
    public List<ChunkFeatures> Features { get; } = [];

    /// <summary>Bytes of the chunks, zeros not counted.</summary>
    public long ChunkBytes { get; private set; }

    /// <summary>Bytes of zeros.</summary>
    public long ZeroBytes { get; set; }

    /// <summary>Entries that begin here.</summary>
    public int Entries { get; set; }

    public bool IsFull => RecordCount >= WireLimits.MaxRecordsPerSegment - 4 || Records.Length >= WireLimits.MaxSegmentBytes - (12 * 1024);

    /// <summary>Whether several chunks may be written at once.</summary>
    public virtual bool IsParallel => false;

    /// <summary>Writes a chunk's encoded payload.</summary>
    /// <returns>Bytes written.</returns>
    public abstract int WritePayload(int chunk, Span<byte> destination, DwcpLevel level);

    /// <summary>A chunk's own bytes, where they are at hand.</summary>
    public virtual bool TryGetRaw(int chunk, out ReadOnlyMemory<byte> raw)
    {
        raw = default;
        return false;
    }

    public void Dispose()
    {
        Records.Dispose();
        ReleaseData();
    }

    protected void AddChunk(in ContentHash hash, int length)
    {
        _chunks.Add((hash, length));
        ChunkBytes += length;
    }

    protected abstract void ReleaseData();
}
