using System.Buffers.Binary;
using System.Numerics;

namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>Writes bits, lowest first, for descriptions and headers (not a hot path).</summary>
internal ref struct BitSink(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;
    private ulong _bits;
    private int _count;
    private int _position;

    /// <param name="value">The bits.</param>
    /// <param name="count">How many, at most 32.</param>
    public void Write(uint value, int count)
    {
        _bits |= (ulong)value << _count;
        _count += count;
        if (_count >= 32)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_destination[_position..], (uint)_bits);
            _position += 4;
            _bits >>= 32;
            _count -= 32;
        }
    }

    /// <summary>Elias gamma of a value of 1 to 2^15: as many zeros as bits follow the leading one, the one, those bits.</summary>
    public void Gamma(uint value)
    {
        int extra = BitOperations.Log2(value);
        Write((value & ((1u << extra) - 1)) << (extra + 1) | 1u << extra, 2 * extra + 1);
    }

    /// <summary>That many zeros (at most 31) and a one.</summary>
    public void Unary(uint value) => Write(1u << (int)value, (int)value + 1);

    /// <summary>Pads with zeros to a byte.</summary>
    /// <returns>The bytes written in all.</returns>
    public int Finish()
    {
        for (; _count > 0; _count -= 8)
        {
            _destination[_position++] = (byte)_bits;
            _bits >>= 8;
        }

        _count = 0;

        return _position;
    }
}
