using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Entropy.Mixing;

/// <summary>Writes bits by a carry-less binary range coder of 32 bits (as in paq). Stops writing where its room ends; <see cref="Overflowed"/> tells.</summary>
internal unsafe struct BinaryEncoder(byte* begin, byte* end) : IBinaryCoder
{
    private readonly byte* _begin = begin;
    private readonly byte* _end = end;
    private byte* _next = begin;
    private uint _low;
    private uint _high = uint.MaxValue;

    /// <summary>Whether the room was too small.</summary>
    public readonly bool Overflowed => _next > _end;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Code(int bit, int one)
    {
        uint middle = _low + (uint)((ulong)(_high - _low) * (uint)one >> 16);
        if (bit != 0)
        {
            _high = middle;
        }
        else
        {
            _low = middle + 1;
        }

        while ((_low ^ _high) >> 24 == 0)
        {
            Put((byte)(_high >> 24));
            _low <<= 8;
            _high = _high << 8 | 255;
        }

        return bit;
    }

    /// <summary>Writes what tells the last bits apart.</summary>
    /// <returns>The bytes written in all.</returns>
    public int Finish()
    {
        // The decoder reads zeros beyond the end, so one byte above the low bound is enough.
        if (_low != 0)
        {
            Put((byte)((_low >> 24) + 1));
        }

        return (int)(_next - _begin);
    }

    private void Put(byte value)
    {
        if (_next < _end)
        {
            *_next = value;
        }

        _next = _next <= _end ? _next + 1 : _next;
    }
}
