using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>
/// What a parser found in one segment. The literals after the last sequence are those left of the segment. Pinned for life, so that
/// parsers and coders can walk it by pointer.
/// </summary>
internal sealed unsafe class SequenceBuffer
{
    private readonly Sequence[] _items;
    private readonly Sequence* _base;

    /// <param name="segmentLength">The longest segment; a sequence covers two bytes at least.</param>
    public SequenceBuffer(int segmentLength)
    {
        _items = GC.AllocateUninitializedArray<Sequence>(segmentLength / 2 + 16, pinned: true);
        _base = (Sequence*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_items));
    }

    public int Count { get; private set; }

    public Sequence* Items => _base;

    public void Clear() => Count = 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int literals, int length, int offset)
    {
        Sequence* s = _base + Count++;
        s->Literals = literals;
        s->Length = length;
        s->Offset = offset;
    }
}
