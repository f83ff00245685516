using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Entropy.Nibbles;

/// <summary>
/// A number of models in a row, each in a half cache line of its own, and behind them a byte for the age of each. Pinned for life.
/// </summary>
internal sealed unsafe class NibbleModelSet
{
    private const int ModelBytes = NibbleModel.Symbols * sizeof(ushort);

    private readonly byte[] _memory;
    private readonly byte* _base;
    private readonly int _count;

    public NibbleModelSet(int count)
    {
        _count = count;

        // One half line more than there are models: the end of the last model's last symbol is read from there.
        _memory = GC.AllocateUninitializedArray<byte>((count + 2) * ModelBytes + count, pinned: true);
        nuint start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        _base = (byte*)((start + ModelBytes - 1) & ~(nuint)(ModelBytes - 1));
    }

    /// <summary>The first model.</summary>
    public ushort* Models => (ushort*)_base;

    /// <summary>The age of the model at address m is the byte at this + (m >> 5).</summary>
    public nuint Ages => (nuint)_base + (nuint)((_count + 1) * ModelBytes) - ((nuint)_base >> 5);

    /// <summary>What <see cref="Restore"/> takes.</summary>
    public byte[] Save() => new Span<byte>(_base, Extent).ToArray();

    /// <summary>Makes the models and their ages what they were.</summary>
    public void Restore(ReadOnlySpan<byte> saved) => saved[..Extent].CopyTo(new Span<byte>(_base, Extent));

    private int Extent => (_count + 1) * ModelBytes + _count;

    /// <summary>Makes every symbol of every model equally likely, and every model new.</summary>
    public void Reset()
    {
        NibbleModel.Reset(new Span<ushort>(_base, _count * NibbleModel.Symbols + 1));
        new Span<byte>(_base + (_count + 1) * ModelBytes, _count).Clear();
    }
}
