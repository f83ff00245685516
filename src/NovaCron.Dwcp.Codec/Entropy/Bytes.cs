using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>Unaligned little-endian access and variable-length integers, shared by every stage of the codec.</summary>
internal static unsafe class Bytes
{
    /// <summary>The longest a varint of 32 bits gets.</summary>
    public const int MaxVarint = 5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load64(byte* p) =>
        BitConverter.IsLittleEndian
            ? Unsafe.ReadUnaligned<ulong>(p)
            : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Load32(byte* p) =>
        BitConverter.IsLittleEndian
            ? Unsafe.ReadUnaligned<uint>(p)
            : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store64(byte* p, ulong value) =>
        Unsafe.WriteUnaligned(
            p, BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* p, uint value) =>
        Unsafe.WriteUnaligned(
            p, BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Writes <paramref name="value"/> in groups of seven bits, lowest first, the top bit saying that another follows.</summary>
    /// <returns>The bytes written, 1 to 5.</returns>
    public static int WriteVarint(Span<byte> destination, uint value)
    {
        int n = 0;
        while (value >= 0x80)
        {
            destination[n++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[n++] = (byte)value;
        return n;
    }

    public static int VarintLength(uint value) => value < 1u << 7 ? 1 : value < 1u << 14 ? 2 : value < 1u << 21 ? 3 : value < 1u << 28 ? 4 : 5;

    /// <summary>Reads a varint and moves <paramref name="source"/> past it. Only the shortest form is accepted.</summary>
    /// <exception cref="DwcpFormatException">The span ends within it, or it does not fit 32 bits, or is padded.</exception>
    public static uint ReadVarint(ref ReadOnlySpan<byte> source)
    {
        uint value = 0;
        for (int i = 0; i < MaxVarint; i++)
        {
            if (i >= source.Length)
            {
                throw new DwcpFormatException("The payload ends inside a number.");
            }

            byte b = source[i];
            if (i == 4 && b > 0x0F || i > 0 && b == 0)
            {
                throw new DwcpFormatException("A number in the payload is not in its shortest form, or above 32 bits.");
            }

            value |= (uint)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                source = source[(i + 1)..];
                return value;
            }
        }

        throw new DwcpFormatException("A number in the payload is above 32 bits.");
    }

    /// <summary>Takes the next <paramref name="count"/> bytes off <paramref name="source"/>.</summary>
    public static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> source, uint count)
    {
        if (count > (uint)source.Length)
        {
            throw new DwcpFormatException($"The payload ends early: {count} bytes announced, {source.Length} left.");
        }

        ReadOnlySpan<byte> taken = source[..(int)count];
        source = source[(int)count..];
        return taken;
    }
}
