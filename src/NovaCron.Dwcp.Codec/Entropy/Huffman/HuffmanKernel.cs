using System.Numerics;
using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Entropy.Huffman;

/// <summary>
/// The hot loops of the Huffman coder: four bit streams, each over a quarter of the symbols, so that four table look-ups are in
/// flight at once. A stream is written from its last symbol to its first, lowest bits first, closed by a one bit, and read
/// backwards from its end; the reader needs no byte swap, and a marker bit kept below the unread bits counts what was consumed.
/// Unsafe: see <see cref="HuffmanReference"/> for the plain form that tests compare with.
/// </summary>
internal static unsafe class HuffmanKernel
{
    public const int Streams = 4;
    private const int SymbolsPerRefill = 5;

    /// <summary>Encodes <paramref name="count"/> symbols as one stream. Needs 8 bytes of room beyond the last byte written.</summary>
    /// <returns>One beyond the last byte written.</returns>
    public static byte* EncodeStream(byte* source, int count, uint* codes, byte* destination)
    {
        ulong bits = 0;
        int held = 0;
        byte* s = source + count;
        byte* d = destination;
        for (; count >= SymbolsPerRefill; count -= SymbolsPerRefill)
        {
            s -= SymbolsPerRefill;
            uint e4 = codes[s[4]], e3 = codes[s[3]], e2 = codes[s[2]], e1 = codes[s[1]], e0 = codes[s[0]];
            bits |= (ulong)(e4 >> 8) << held;
            held += (byte)e4;
            bits |= (ulong)(e3 >> 8) << held;
            held += (byte)e3;
            bits |= (ulong)(e2 >> 8) << held;
            held += (byte)e2;
            bits |= (ulong)(e1 >> 8) << held;
            held += (byte)e1;
            bits |= (ulong)(e0 >> 8) << held;
            held += (byte)e0;
            Bytes.Store64(d, bits);
            d += held >> 3;
            bits >>= held & 0x38;
            held &= 7;
        }

        while (count-- > 0)
        {
            uint e = codes[*--s];
            bits |= (ulong)(e >> 8) << held;
            held += (byte)e;
            Bytes.Store64(d, bits);
            d += held >> 3;
            bits >>= held & 0x38;
            held &= 7;
        }

        bits |= 1ul << held;
        held++;
        Bytes.Store64(d, bits);
        return d + (held + 7 >> 3);
    }

    /// <summary>
    /// Decodes four streams that lie one after the other and end at <paramref name="ends"/>. The caller guarantees that 8 bytes below
    /// <paramref name="start"/> are readable, that each stream has at least one byte with a bit set in its last, and that
    /// <paramref name="destination"/> holds <paramref name="count"/> bytes.
    /// </summary>
    /// <returns>Whether each stream ended exactly where it should.</returns>
    [SkipLocalsInit]
    public static bool Decode(byte* start, byte** ends, ushort* table, byte* destination, int count)
    {
        int quarter = (count + 3) / Streams;
        int last = count - 3 * quarter;
        if (last < 0)
        {
            return false;
        }

        byte* p0 = ends[0] - 8, p1 = ends[1] - 8, p2 = ends[2] - 8, p3 = ends[3] - 8;
        ulong b0 = First(p0), b1 = First(p1), b2 = First(p2), b3 = First(p3);
        byte* d0 = destination;
        byte* d1 = d0 + quarter;
        byte* d2 = d1 + quarter;
        byte* d3 = d2 + quarter;
        byte* dEnd = d0 + last;
        while (true)
        {
            // A refill moves a stream down by 7 bytes at most: so many rounds need no check.
            byte* lowest = Min(Min(p0, p1), Min(p2, p3));
            long rounds = Math.Min((lowest - start) / 7, (dEnd - d0) / SymbolsPerRefill);
            if (rounds <= 0)
            {
                break;
            }

            byte* stop = d0 + rounds * SymbolsPerRefill;
            do
            {
                uint e0 = table[b0 >> 53], e1 = table[b1 >> 53], e2 = table[b2 >> 53], e3 = table[b3 >> 53];
                b0 <<= (int)e0;
                b1 <<= (int)e1;
                b2 <<= (int)e2;
                b3 <<= (int)e3;
                d0[0] = (byte)(e0 >> 8);
                d1[0] = (byte)(e1 >> 8);
                d2[0] = (byte)(e2 >> 8);
                d3[0] = (byte)(e3 >> 8);
                e0 = table[b0 >> 53];
                e1 = table[b1 >> 53];
                e2 = table[b2 >> 53];
                e3 = table[b3 >> 53];
                b0 <<= (int)e0;
                b1 <<= (int)e1;
                b2 <<= (int)e2;
                b3 <<= (int)e3;
                d0[1] = (byte)(e0 >> 8);
                d1[1] = (byte)(e1 >> 8);
                d2[1] = (byte)(e2 >> 8);
                d3[1] = (byte)(e3 >> 8);
                e0 = table[b0 >> 53];
                e1 = table[b1 >> 53];
                e2 = table[b2 >> 53];
                e3 = table[b3 >> 53];
                b0 <<= (int)e0;
                b1 <<= (int)e1;
                b2 <<= (int)e2;
                b3 <<= (int)e3;
                d0[2] = (byte)(e0 >> 8);
                d1[2] = (byte)(e1 >> 8);
                d2[2] = (byte)(e2 >> 8);
                d3[2] = (byte)(e3 >> 8);
                e0 = table[b0 >> 53];
                e1 = table[b1 >> 53];
                e2 = table[b2 >> 53];
                e3 = table[b3 >> 53];
                b0 <<= (int)e0;
                b1 <<= (int)e1;
                b2 <<= (int)e2;
                b3 <<= (int)e3;
                d0[3] = (byte)(e0 >> 8);
                d1[3] = (byte)(e1 >> 8);
                d2[3] = (byte)(e2 >> 8);
                d3[3] = (byte)(e3 >> 8);
                e0 = table[b0 >> 53];
                e1 = table[b1 >> 53];
                e2 = table[b2 >> 53];
                e3 = table[b3 >> 53];
                b0 <<= (int)e0;
                b1 <<= (int)e1;
                b2 <<= (int)e2;
                b3 <<= (int)e3;
                d0[4] = (byte)(e0 >> 8);
                d1[4] = (byte)(e1 >> 8);
                d2[4] = (byte)(e2 >> 8);
                d3[4] = (byte)(e3 >> 8);
                d0 += SymbolsPerRefill;
                d1 += SymbolsPerRefill;
                d2 += SymbolsPerRefill;
                d3 += SymbolsPerRefill;
                Refill(ref p0, ref b0);
                Refill(ref p1, ref b1);
                Refill(ref p2, ref b2);
                Refill(ref p3, ref b3);
            }
            while (d0 != stop);
        }

        byte* begin0 = start;
        return Tail(p0, b0, begin0, table, d0, destination + quarter)
            & Tail(p1, b1, ends[0], table, d1, destination + 2 * quarter)
            & Tail(p2, b2, ends[1], table, d2, destination + 3 * quarter)
            & Tail(p3, b3, ends[2], table, d3, destination + count);
    }

    private static byte* Min(byte* a, byte* b) => a < b ? a : b;

    /// <summary>The last 8 bytes of a stream, its marker shifted out and our own marker put in below.</summary>
    private static ulong First(byte* p)
    {
        ulong value = Bytes.Load64(p);
        int skip = BitOperations.LeadingZeroCount(value) + 1;
        return (value | 1) << skip;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Refill(ref byte* p, ref ulong bits)
    {
        int consumed = BitOperations.TrailingZeroCount(bits);
        p -= consumed >> 3;
        bits = (Bytes.Load64(p) | 1) << (consumed & 7);
    }

    /// <summary>The last symbols of a stream, one at a time, by the position of the next unread bit above <paramref name="begin"/>.</summary>
    private static bool Tail(byte* p, ulong bits, byte* begin, ushort* table, byte* d, byte* dEnd)
    {
        long position = (p - begin) * 8 + 64 - BitOperations.TrailingZeroCount(bits);
        for (; d < dEnd; d++)
        {
            uint window;
            if (position >= 24)
            {
                long low = position - 24;
                window = Bytes.Load32(begin + (low >> 3)) >> (int)(low & 7) & 0xFFFFFF;
            }
            else if (position > 0)
            {
                // Below the first byte there are zeros.
                ulong value = 0;
                for (int i = 0; i < (int)(position + 7 >> 3); i++)
                {
                    value |= (ulong)begin[i] << 8 * i;
                }

                window = (uint)(value << (int)(24 - position)) & 0xFFFFFF;
            }
            else
            {
                return false;
            }

            uint entry = table[window >> 24 - HuffmanCode.MaxBits];
            *d = (byte)(entry >> 8);
            position -= (byte)entry;
        }

        return position == 0;
    }
}
