using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Entropy.Mixing;

/// <summary>Reads what <see cref="BinaryEncoder"/> wrote. Beyond the end it reads zeros; <see cref="EndedWell"/> tells whether it had to more than it may.</summary>
internal unsafe struct BinaryDecoder : IBinaryCoder
{
    private readonly byte* _end;
    private byte* _next;
    private uint _low;
    private uint _high;
    private uint _code;

    public BinaryDecoder(byte* begin, byte* end)
    {
        _next = begin;
        _end = end;
        _high = uint.MaxValue;
        for (int i = 0; i < 4; i++)
        {
            _code = _code << 8 | Take();
        }
    }

    /// <summary>Whether everything was read, and nothing much beyond the end.</summary>
    public readonly bool EndedWell => _next >= _end && _next <= _end + 4;

    /// <summary>Whether so much was read beyond the end that going on is pointless.</summary>
    public readonly bool Exhausted => _next > _end + 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Code(int bit, int one)
    {
        uint middle = _low + (uint)((ulong)(_high - _low) * (uint)one >> 16);
        if (_code <= middle)
        {
            bit = 1;
            _high = middle;
        }
        else
        {
            bit = 0;
            _low = middle + 1;
        }

        while ((_low ^ _high) >> 24 == 0)
        {
            _low <<= 8;
            _high = _high << 8 | 255;
            _code = _code << 8 | Take();
        }

        return bit;
    }

    private byte Take()
    {
        byte value = _next < _end ? *_next : (byte)0;
        _next = _next <= _end + 4 ? _next + 1 : _next;
        return value;
    }
}
