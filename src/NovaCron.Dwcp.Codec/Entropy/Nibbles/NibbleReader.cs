using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NovaCron.Dwcp.Codec.Entropy.Nibbles;

/// <summary>Reads what <see cref="NibbleWriter"/> wrote. Beyond the end it reads zeros; <see cref="EndedWell"/> tells. Few fields, so that the compiler keeps them in registers.</summary>
internal unsafe ref struct NibbleReader
{
    /// <summary>The fewest bytes that a writer makes: its two states.</summary>
    public const int Least = 16;

    private ulong _current;
    private ulong _other;
    private byte* _next;
    private readonly byte* _end;
    private readonly nuint _ages;

    /// <param name="begin">At least <see cref="Least"/> bytes.</param>
    /// <param name="end">One beyond the last byte.</param>
    /// <param name="ages">See <see cref="NibbleModelSet.Ages"/>.</param>
    public NibbleReader(byte* begin, byte* end, nuint ages)
    {
        _ages = ages;
        _current = Bytes.Load64(begin);
        _other = Bytes.Load64(begin + 8);
        _next = begin + 16;
        _end = end;
    }

    /// <summary>Whether exactly what was written has been read.</summary>
    public readonly bool EndedWell => _next == _end && _current == NibbleWriter.LowerBound && _other == NibbleWriter.LowerBound;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(ushort* model)
    {
        uint slot = (uint)_current & NibbleModel.Total - 1;
        int symbol = NibbleModel.Find(model, slot);
        uint start = model[(nuint)(uint)symbol];
        Step((model[(nuint)(uint)symbol + 1] - start) & NibbleModel.Total - 1, slot - start);
        NibbleModel.Update(model, symbol, Age(model));
        return symbol;
    }

    /// <param name="first">A model.</param>
    /// <param name="second">Another; the symbol is read in the mean of both.</param>
    /// <param name="mean">Room for seventeen numbers, the last of which is <see cref="NibbleModel.Total"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(ushort* first, ushort* second, ushort* mean)
    {
        uint slot = (uint)_current & NibbleModel.Total - 1;
        Vector256<ushort> values = NibbleModel.Mean(first, second);
        values.Store(mean);
        int symbol = NibbleModel.Find(values, slot);
        uint start = mean[(nuint)(uint)symbol];
        Step(mean[(nuint)(uint)symbol + 1] - start, slot - start);
        NibbleModel.Update(first, symbol, Age(first));
        NibbleModel.Update(second, symbol, Age(second));
        return symbol;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly byte* Age(ushort* model) => (byte*)(_ages + ((nuint)model >> 5));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step(uint frequency, uint offset)
    {
        ulong state = frequency * (_current >> NibbleModel.TotalBits) + offset;
        if (state < NibbleWriter.LowerBound)
        {
            state = state << 32 | (_end - _next >= 4 ? Bytes.Load32(_next) : 0);
            _next += 4;
        }

        _current = _other;
        _other = state;
    }
}
