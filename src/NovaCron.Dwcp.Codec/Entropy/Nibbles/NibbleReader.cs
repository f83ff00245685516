using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Entropy.Nibbles;

/// <summary>Reads what <see cref="NibbleWriter"/> wrote. Beyond the end it reads zeros; <see cref="EndedWell"/> tells. Few fields, so that the compiler keeps them in registers.</summary>
internal unsafe ref struct NibbleReader
{
    private ulong _current;
    private ulong _other;
    private byte* _next;
    private readonly byte* _end;
    private readonly nuint _ages;

    /// <param name="begin">At least 16 bytes.</param>
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
        uint start = model[symbol];
        Step((model[symbol + 1] - start) & NibbleModel.Total - 1, slot - start);
        NibbleModel.Update(model, symbol, Age(model));
        return symbol;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(ushort* first, ushort* second)
    {
        uint slot = (uint)_current & NibbleModel.Total - 1;
        int symbol = NibbleModel.Find(first, second, slot);
        uint start = (uint)(first[symbol] + second[symbol]) >> 1;
        uint end = (uint)(first[symbol + 1] + second[symbol + 1]) >> 1;
        Step(end - start & NibbleModel.Total - 1, slot - start);
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
