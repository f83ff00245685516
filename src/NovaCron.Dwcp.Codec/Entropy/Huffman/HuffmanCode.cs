using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NovaCron.Dwcp.Codec.Entropy.Huffman;

/// <summary>
/// Code lengths for a byte alphabet, limited to <see cref="MaxBits"/>, always complete (the Kraft sum is exactly one), and how they
/// are written down. Integer arithmetic only, ties broken by symbol: the same counts give the same code everywhere.
/// </summary>
internal static unsafe class HuffmanCode
{
    /// <summary>
    /// 11 bits: five symbols and the marker fit one 64-bit refill, and the table of 2048 two-byte entries takes 4 KiB of a 32 KiB L1.
    /// </summary>
    public const int MaxBits = 11;

    public const int TableSize = 1 << MaxBits;

    /// <summary>An upper bound of <see cref="WriteLengths"/>: 256 lengths of at most 21 bits and run lengths.</summary>
    public const int MaxDescription = 1024;

    /// <summary>Fills <paramref name="lengths"/> (0 = symbol does not occur). Needs at least two symbols that occur.</summary>
    [SkipLocalsInit]
    public static void BuildLengths(ReadOnlySpan<uint> counts, Span<byte> lengths)
    {
        Span<ulong> order = stackalloc ulong[256];
        int used = 0;
        lengths.Clear();
        for (int s = 0; s < 256; s++)
        {
            if (counts[s] != 0)
            {
                order[used++] = (ulong)counts[s] << 8 | (uint)s;
            }
        }

        order = order[..used];
        Span<ulong> scratch = stackalloc ulong[256];
        Sort(order, scratch[..used]);

        // Two queues: the leaves in order, and the inner nodes, which come out in order by construction.
        ulong* weight = stackalloc ulong[512];
        short* parent = stackalloc short[512];
        for (int i = 0; i < used; i++)
        {
            weight[i] = order[i] >> 8;
        }

        int leaf = 0, inner = used, next = used;
        while (next < 2 * used - 1)
        {
            ulong sum = 0;
            for (int k = 0; k < 2; k++)
            {
                int pick = leaf < used && (inner >= next || weight[leaf] <= weight[inner]) ? leaf++ : inner++;
                sum += weight[pick];
                parent[pick] = (short)next;
            }

            weight[next++] = sum;
        }

        Span<byte> depth = stackalloc byte[512];
        depth[next - 1] = 0;
        int kraft = 0;
        for (int i = next - 2; i >= 0; i--)
        {
            depth[i] = (byte)(depth[parent[i]] + 1);
            if (i < used)
            {
                depth[i] = Math.Min(depth[i], (byte)MaxBits);
                kraft += TableSize >> depth[i];
            }
        }

        Limit(depth[..used], kraft);
        for (int i = 0; i < used; i++)
        {
            lengths[(int)(order[i] & 0xFF)] = depth[i];
        }
    }

    /// <summary>Sorts by radix, six bits at a time from bit 8 on: the symbols below are in order already.</summary>
    private static void Sort(Span<ulong> items, Span<ulong> scratch)
    {
        const int Radix = 64;
        ulong all = 0;
        foreach (ulong item in items)
        {
            all |= item;
        }

        Span<int> places = stackalloc int[Radix];
        Span<ulong> from = items, to = scratch;
        int passes = 0;
        for (int shift = 8; all >> shift != 0; shift += 6, passes++)
        {
            places.Clear();
            foreach (ulong item in from)
            {
                places[(int)(item >> shift) & Radix - 1]++;
            }

            int place = 0;
            for (int i = 0; i < Radix; i++)
            {
                (places[i], place) = (place, place + places[i]);
            }

            foreach (ulong item in from)
            {
                to[places[(int)(item >> shift) & Radix - 1]++] = item;
            }

            Span<ulong> swap = from;
            from = to;
            to = swap;
        }

        if ((passes & 1) != 0)
        {
            from.CopyTo(items);
        }
    }

    /// <summary>Makes a clamped code complete again. <paramref name="depth"/> is ordered from the rarest symbol to the most frequent.</summary>
    private static void Limit(Span<byte> depth, int kraft)
    {
        // Lengthening a code of 10 bits costs least; the rarest of the longest class that is not at the limit pays. Depths do not grow from
        // the rarest on, so it is always the first that is not at the limit.
        for (int victim = 0; kraft > TableSize;)
        {
            if (depth[victim] == MaxBits)
            {
                victim++;
                continue;
            }

            depth[victim]++;
            kraft -= TableSize >> depth[victim];
        }

        for (int i = depth.Length - 1; i >= 0 && kraft < TableSize; i--)
        {
            while (depth[i] > 1 && TableSize >> depth[i] <= TableSize - kraft)
            {
                kraft += TableSize >> depth[i];
                depth[i]--;
            }
        }
    }

    /// <summary>Canonical codes: by length, then by symbol. Entry = code in the highest bits | length in the lowest.</summary>
    public static void AssignCodes(ReadOnlySpan<byte> lengths, Span<ulong> codes)
    {
        Span<int> next = stackalloc int[MaxBits + 2];
        FirstCodes(lengths, next);
        for (int s = 0; s < 256; s++)
        {
            int length = lengths[s];
            codes[s] = length == 0 ? 0 : (ulong)next[length]++ << 64 - length | (uint)length;
        }
    }

    private static void FirstCodes(ReadOnlySpan<byte> lengths, Span<int> next)
    {
        Span<int> count = stackalloc int[MaxBits + 1];
        count.Clear();
        foreach (byte length in lengths)
        {
            count[length]++;
        }

        count[0] = 0;
        int code = 0;
        for (int bits = 1; bits <= MaxBits; bits++)
        {
            code = (code + count[bits - 1]) << 1;
            next[bits] = code;
        }
    }

    /// <summary>Fills the decoding table, indexed by the next 11 bits: symbol &lt;&lt; 8 | length.</summary>
    public static void FillTable(ReadOnlySpan<byte> lengths, Span<ushort> table)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(table.Length, TableSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(lengths.Length, 256);

        // Length by length: which comes next is as good as random, and each is filled in its own way. Counting and sorting symbols by length waits for
        // one counter again and again; comparing all of them with each length in turn does not. A complete code fills the table
        // exactly, so no entry is beyond it.
        fixed (byte* l = lengths)
        fixed (ushort* t = table)
        {
            ushort* entry = t;
            for (int length = 1; length <= MaxBits; length++)
            {
                int entries = TableSize >> length;
                Vector256<byte> wanted = Vector256.Create((byte)length);
                for (int part = 0; part < 256; part += 64)
                {
                    ulong found = Vector256.Equals(Vector256.Load(l + part), wanted).ExtractMostSignificantBits()
                        | (ulong)Vector256.Equals(Vector256.Load(l + part + 32), wanted).ExtractMostSignificantBits() << 32;
                    for (; found != 0; found &= found - 1, entry += entries)
                    {
                        uint value = (uint)(part + BitOperations.TrailingZeroCount(found) << 8 | length) * 0x0001_0001;
                        switch (entries)
                        {
                            case 1:
                                *entry = (ushort)value;
                                break;
                            case 2:
                                Unsafe.WriteUnaligned(entry, value);
                                break;
                            case 4:
                                Unsafe.WriteUnaligned(entry, (ulong)value << 32 | value);
                                break;
                            default:
                                Vector128<uint> eight = Vector128.Create(value);
                                for (ushort* e = entry; e < entry + entries; e += 8)
                                {
                                    eight.Store((uint*)e);
                                }

                                break;
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// Writes the lengths: alternating runs of absent and present symbols (Elias gamma of run length + 1), and within a present run
    /// the difference to the previous length (first: to 8) as zig-zag in unary.
    /// </summary>
    /// <returns>The bytes written.</returns>
    public static int WriteLengths(ReadOnlySpan<byte> lengths, Span<byte> destination)
    {
        var bits = new BitSink(destination);
        int previous = 8;
        int s = 0;
        bool present = false;
        while (s < 256)
        {
            int end = s;
            while (end < 256 && lengths[end] != 0 == present)
            {
                end++;
            }

            bits.Gamma((uint)(end - s) + 1);
            if (present)
            {
                for (; s < end; s++)
                {
                    int difference = lengths[s] - previous;
                    bits.Unary((uint)(difference << 1 ^ difference >> 31));
                    previous = lengths[s];
                }
            }

            s = end;
            present = !present;
        }

        return bits.Finish();
    }

    /// <summary>Reads what <see cref="WriteLengths"/> wrote; the code must be complete.</summary>
    /// <returns>The bytes read.</returns>
    /// <exception cref="DwcpFormatException">The description ends early, names more than 256 symbols, has a length outside its range or is not complete.</exception>
    public static int ReadLengths(ReadOnlySpan<byte> source, Span<byte> lengths)
    {
        lengths.Clear();
        int previous = 8;
        int s = 0;
        int kraft = 0;
        bool present = false;

        // The next bits, lowest first, zeros beyond the end; what any number takes is fetched before it is read.
        ulong bits = 0;
        int held = 0;
        int position = 0;
        while (s < 256)
        {
            Fetch(source, ref position, ref bits, ref held);
            int zeros = BitOperations.TrailingZeroCount(bits);
            int gamma = 2 * zeros + 1;
            if (zeros > 8 || gamma > held)
            {
                throw new DwcpFormatException("A Huffman description ends early or names more than 256 symbols.");
            }

            uint run = (1u << zeros | (uint)(bits >> zeros + 1) & (1u << zeros) - 1) - 1;
            bits >>= gamma;
            held -= gamma;
            if (run > 256 - s || run == 0 && s != 0)
            {
                throw new DwcpFormatException("A Huffman description names more than 256 symbols.");
            }

            int end = s + (int)run;
            if (present)
            {
                for (; s < end; s++)
                {
                    Fetch(source, ref position, ref bits, ref held);
                    int zigzag = BitOperations.TrailingZeroCount(bits);
                    int length = previous + (zigzag >> 1 ^ -(zigzag & 1));
                    if (zigzag >= held || length is < 1 or > MaxBits)
                    {
                        throw new DwcpFormatException($"A Huffman description ends early or has a code length outside 1..{MaxBits}.");
                    }

                    bits >>= zigzag + 1;
                    held -= zigzag + 1;
                    lengths[s] = (byte)length;
                    kraft += TableSize >> length;
                    previous = length;
                }
            }

            s = end;
            present = !present;
        }

        if (kraft != TableSize)
        {
            throw new DwcpFormatException("A Huffman code is not complete.");
        }

        if ((bits & (1ul << (held & 7)) - 1) != 0)
        {
            throw new DwcpFormatException("The padding of a Huffman description is not zero.");
        }

        return position - (held >> 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(ReadOnlySpan<byte> source, ref int position, ref ulong bits, ref int held)
    {
        if (held >= 32)
        {
            return;
        }

        if (source.Length - position >= 4)
        {
            bits |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(source[position..]) << held;
            position += 4;
            held += 32;
            return;
        }

        for (; position < source.Length; position++, held += 8)
        {
            bits |= (ulong)source[position] << held;
        }
    }
}
