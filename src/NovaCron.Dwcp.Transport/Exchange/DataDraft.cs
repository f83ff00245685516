using System.Buffers;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>A segment whose chunks are in memory: in a pooled slab of its own, or in the caller's bytes.</summary>
internal sealed class DataDraft : SegmentDraft
{
    private readonly List<ReadOnlyMemory<byte>> _data = [];
    private byte[]? _slab;

    /// <summary>Gives the draft the slab that its chunks will lie in; returned to the pool with the draft.</summary>
    public void Attach(byte[] slab) => _slab = slab;

    public void Add(in ContentHash hash, ReadOnlyMemory<byte> chunk)
    {
        AddChunk(hash, chunk.Length);
        _data.Add(chunk);
    }

    public override bool IsParallel => true;

    public override int WritePayload(int chunk, Span<byte> destination, DwcpLevel level) => BlockCodec.Encode(_data[chunk].Span, destination, level);

    public override bool TryGetRaw(int chunk, out ReadOnlyMemory<byte> raw)
    {
        raw = _data[chunk];
        return true;
    }

    protected override void ReleaseData()
    {
        _data.Clear();
        if (Interlocked.Exchange(ref _slab, null) is { } bytes) ArrayPool<byte>.Shared.Return(bytes);
    }
}
