using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Entropy.Nibbles;

/// <summary>
/// Collects the frequencies of the symbols of a segment, then writes them last to first by two interleaved rANS states of 64 bits
/// (Duda 2013; words of 32 bits), so that the reader meets them first to last.
/// </summary>
internal sealed unsafe class NibbleWriter
{
    public const ulong LowerBound = 1ul << 31;

    private readonly uint[] _ranges;
    private readonly uint* _base;
    private readonly nuint _ages;
    private uint* _next;

    /// <param name="capacity">The most symbols between two calls of <see cref="Clear"/>.</param>
    /// <param name="ages">See <see cref="NibbleModelSet.Ages"/>.</param>
    public NibbleWriter(int capacity, nuint ages)
    {
        _ages = ages;
        _ranges = GC.AllocateUninitializedArray<uint>(capacity, pinned: true);
        _base = _next = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_ranges));
    }

    public void Clear() => _next = _base;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ushort* model, int symbol)
    {
        uint start = model[symbol];
        uint frequency = (model[symbol + 1] - start) & NibbleModel.Total - 1;
        *_next++ = start << 16 | frequency;
        NibbleModel.Update(model, symbol, Age(model));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ushort* first, ushort* second, int symbol)
    {
        uint start = (uint)(first[symbol] + second[symbol]) >> 1;
        uint end = (uint)(first[symbol + 1] + second[symbol + 1]) >> 1;
        *_next++ = start << 16 | (end - start & NibbleModel.Total - 1);
        NibbleModel.Update(first, symbol, Age(first));
        NibbleModel.Update(second, symbol, Age(second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Age(ushort* model) => (byte*)(_ages + ((nuint)model >> 5));

    /// <summary>Writes everything collected so that it ends at the end of <paramref name="buffer"/>.</summary>
    /// <returns>The part of the buffer that was written, or an empty span when it does not fit.</returns>
    public Span<byte> Finish(Span<byte> buffer)
    {
        ulong current = LowerBound;
        ulong other = LowerBound;
        long count = _next - _base;
        fixed (byte* begin = buffer)
        {
            byte* p = begin + buffer.Length;
            byte* low = begin + 20;

            // The reader takes the states in turn, so the writer does, from the last symbol back to the first.
            for (long i = count - 1; i >= 0; i--)
            {
                uint start = _base[i] >> 16;
                uint frequency = _base[i] & 0xFFFF;
                if (current >= (ulong)frequency << 48)
                {
                    if (p < low)
                    {
                        return [];
                    }

                    p -= 4;
                    Bytes.Store32(p, (uint)current);
                    current >>= 32;
                }

                ulong quotient = current / frequency;
                current = (quotient << NibbleModel.TotalBits) + (current - quotient * frequency) + start;
                (current, other) = (other, current);
            }

            if (p < low)
            {
                return [];
            }

            p -= 16;
            Bytes.Store64(p, other);
            Bytes.Store64(p + 8, current);
            return buffer[(int)(p - begin)..];
        }
    }
}
