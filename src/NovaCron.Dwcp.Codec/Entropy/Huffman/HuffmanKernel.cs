using System.Numerics;
using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Entropy.Huffman;

/// <summary>
/// The hot loops of the Huffman coder: eight bit streams (four where there are few symbols), each over its part of them, so that eight table
/// look-ups are in flight at once. A stream is written from its last symbol to its first, lowest bits first, closed by a one bit, and read
/// backwards from its end; the reader needs no byte swap, and a marker bit kept below the unread bits counts what was consumed.
/// Unsafe: see <see cref="HuffmanReference"/> for the plain form that tests compare with.
/// </summary>
internal static unsafe class HuffmanKernel
{
    /// <summary>The most streams that a count of symbols is cut into.</summary>
    public const int MaxStreams = 2 * GroupStreams;

    /// <summary>From so many symbols on there are eight streams: below, their lengths and padding cost more than half a percent.</summary>
    private const int ManySymbols = 4096;
    private const int GroupStreams = 4;
    private const int SymbolsPerRefill = 5;

    /// <summary>The streams that <paramref name="count"/> symbols are cut into.</summary>
    public static int StreamsOf(int count) => count >= ManySymbols ? MaxStreams : GroupStreams;

    /// <summary>The symbols in the streams before number <paramref name="stream"/>: all streams have as many, the first of them one more if they must.</summary>
    public static int SymbolsBefore(int stream, int streams, int count) => stream * (count / streams) + Math.Min(stream, count % streams);

    /// <summary>Encodes <paramref name="count"/> symbols as one stream. Needs 8 bytes of room beyond the last byte written.</summary>
    /// <returns>One beyond the last byte written.</returns>
    public static byte* EncodeStream(byte* source, int count, ulong* codes, byte* destination)
    {
        // What was written moves down as codes come in above it (as in zstd's huf_compress.c). The lengths in the lowest bits stay below the bits
        // that are held, 62 at most; only that of the last code before these are stored could be among them, so it is left out.
        ulong bits = 0;
        ulong held = 0;
        byte* s = source + count;
        byte* d = destination;
        for (; count >= SymbolsPerRefill; count -= SymbolsPerRefill)
        {
            s -= SymbolsPerRefill;
            ulong e4 = codes[s[4]], e3 = codes[s[3]], e2 = codes[s[2]], e1 = codes[s[1]], e0 = codes[s[0]];
            bits = bits >> (int)e4 | e4;
            held += e4;
            bits = bits >> (int)e3 | e3;
            held += e3;
            bits = bits >> (int)e2 | e2;
            held += e2;
            bits = bits >> (int)e1 | e1;
            held += e1;
            bits = bits >> (int)e0 | e0 & ~0xFFul;
            held += e0;
            int n = (byte)held;
            Bytes.Store64(d, bits >> 64 - n);
            d += n >> 3;
            held = (ulong)(n & 7);
        }

        while (count-- > 0)
        {
            ulong e = codes[*--s];
            bits = bits >> (int)e | e & ~0xFFul;
            int n = (byte)(held + e);
            Bytes.Store64(d, bits >> 64 - n);
            d += n >> 3;
            held = (ulong)(n & 7);
        }

        // A shift by 64 would shift nothing.
        int rest = (int)held;
        *d = (byte)(bits >> 1 >> 63 - rest | 1ul << rest);
        return d + 1;
    }

    /// <summary>
    /// Decodes the streams of <paramref name="count"/> symbols (<see cref="StreamsOf"/> of them), which lie one after the other and end at
    /// <paramref name="ends"/>. The caller guarantees that 8 bytes below <paramref name="start"/> are readable, that each stream has at least
    /// one byte with a bit set in its last, and that <paramref name="destination"/> holds <paramref name="count"/> bytes.
    /// </summary>
    /// <returns>Whether each stream ended exactly where it should.</returns>
    [SkipLocalsInit]
    public static bool Decode(byte* start, byte** ends, ushort* table, byte* destination, int count)
    {
        int streams = StreamsOf(count);
        bool both = streams > GroupStreams;
        Group* groups = stackalloc Group[2];
        for (int i = 0; i < streams; i++)
        {
            Group* group = groups + i / GroupStreams;
            byte* p = ends[i] - 8;
            group->Next[i % GroupStreams] = (nint)p;
            group->Bits[i % GroupStreams] = First(p);
            group->Out[i % GroupStreams] = (nint)(destination + SymbolsBefore(i, streams, count));
        }

        nint at = 0;
        int each = count / streams;
        while (true)
        {
            // A refill moves a stream down by 7 bytes at most: so many rounds need no check.
            nint lowest = groups[0].Lowest();
            if (both)
            {
                nint other = groups[1].Lowest();
                lowest = other < lowest ? other : lowest;
            }

            long rounds = Math.Min((lowest - (nint)start + 8) / 7, (each - at) / SymbolsPerRefill);
            if (rounds <= 0)
            {
                break;
            }

            nint stop = at + (nint)rounds * SymbolsPerRefill;
            if (both)
            {
                do
                {
                    Round(groups, table, at);
                    Round(groups + 1, table, at);
                    at += SymbolsPerRefill;
                }
                while (at != stop);
            }
            else
            {
                do
                {
                    Round(groups, table, at);
                    at += SymbolsPerRefill;
                }
                while (at != stop);
            }
        }

        bool exact = true;
        for (int i = 0; i < streams; i++)
        {
            Group* group = groups + i / GroupStreams;
            exact &= Tail(
                (byte*)group->Next[i % GroupStreams], group->Bits[i % GroupStreams], i == 0 ? start : ends[i - 1], table,
                (byte*)group->Out[i % GroupStreams] + at, destination + SymbolsBefore(i + 1, streams, count));
        }

        return exact;
    }

    /// <summary>
    /// Four streams between their rounds. In a round they are in registers; two groups overlap because neither waits for the other: the
    /// look-ups of one stream depend on each other, and four of them at once do not keep the processor busy.
    /// </summary>
    private struct Group
    {
        public fixed ulong Bits[GroupStreams];
        public fixed long Next[GroupStreams];
        public fixed long Out[GroupStreams];

        public readonly nint Lowest() => (nint)Math.Min(Math.Min(Next[0], Next[1]), Math.Min(Next[2], Next[3]));
    }

    /// <summary>Five symbols of each stream of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Group* group, ushort* table, nint at)
    {
        ulong b0 = group->Bits[0], b1 = group->Bits[1], b2 = group->Bits[2], b3 = group->Bits[3];
        byte* d0 = (byte*)group->Out[0] + at;
        byte* d1 = (byte*)group->Out[1] + at;
        byte* d2 = (byte*)group->Out[2] + at;
        byte* d3 = (byte*)group->Out[3] + at;
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
        Refill(group, 0, b0);
        Refill(group, 1, b1);
        Refill(group, 2, b2);
        Refill(group, 3, b3);
    }

    /// <summary>The last 8 bytes of a stream, its marker shifted out and our own marker put in below.</summary>
    private static ulong First(byte* p)
    {
        ulong value = Bytes.Load64(p);
        int skip = BitOperations.LeadingZeroCount(value) + 1;
        return (value | 1) << skip;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Refill(Group* group, int stream, ulong bits)
    {
        int consumed = BitOperations.TrailingZeroCount(bits);
        byte* p = (byte*)group->Next[stream] - (consumed >> 3);
        group->Next[stream] = (nint)p;
        group->Bits[stream] = (Bytes.Load64(p) | 1) << (consumed & 7);
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
