using System.Numerics;

namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>Writes bits, lowest first, for descriptions and headers (not a hot path).</summary>
internal ref struct BitSink(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;
    private ulong _bits;
    private int _count;
    private int _position;

    public void Write(uint value, int count)
    {
        _bits |= (ulong)value << _count;
        _count += count;
        while (_count >= 8)
        {
            _destination[_position++] = (byte)_bits;
            _bits >>= 8;
            _count -= 8;
        }
    }

    /// <summary>Elias gamma of a value of 1 or more: as many zeros as bits follow the leading one, the one, those bits.</summary>
    public void Gamma(uint value)
    {
        int extra = BitOperations.Log2(value);
        Write(0, extra);
        Write(1, 1);
        Write(value & ((1u << extra) - 1), extra);
    }

    /// <summary>That many zeros and a one.</summary>
    public void Unary(uint value)
    {
        Write(0, (int)value);
        Write(1, 1);
    }

    /// <summary>Pads with zeros to a byte.</summary>
    /// <returns>The bytes written in all.</returns>
    public int Finish()
    {
        if (_count > 0)
        {
            _destination[_position++] = (byte)_bits;
            _bits = 0;
            _count = 0;
        }

        return _position;
    }
}
