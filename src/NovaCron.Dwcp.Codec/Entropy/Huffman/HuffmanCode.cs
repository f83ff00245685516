namespace NovaCron.Dwcp.Codec.Entropy.Huffman;

/// <summary>
/// Code lengths for a byte alphabet, limited to <see cref="MaxBits"/>, always complete (the Kraft sum is exactly one), and how they
/// are written down. Integer arithmetic only, ties broken by symbol: the same counts give the same code everywhere.
/// </summary>
internal static class HuffmanCode
{
    /// <summary>
    /// 11 bits: five symbols and the marker fit one 64-bit refill, and the table of 2048 two-byte entries takes 4 KiB of a 32 KiB L1.
    /// </summary>
    public const int MaxBits = 11;

    public const int TableSize = 1 << MaxBits;

    /// <summary>An upper bound of <see cref="WriteLengths"/>: 256 lengths of at most 21 bits and run lengths.</summary>
    public const int MaxDescription = 1024;

    /// <summary>Fills <paramref name="lengths"/> (0 = symbol does not occur). Needs at least two symbols that occur.</summary>
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
        order.Sort();

        // Two queues: the leaves in order, and the inner nodes, which come out in order by construction.
        Span<ulong> weight = stackalloc ulong[512];
        Span<short> parent = stackalloc short[512];
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

    /// <summary>Makes a clamped code complete again. <paramref name="depth"/> is ordered from the rarest symbol to the most frequent.</summary>
    private static void Limit(Span<byte> depth, int kraft)
    {
        while (kraft > TableSize)
        {
            // Lengthening a code of 10 bits costs least; the rarest of the longest class that is not at the limit pays.
            int victim = -1;
            for (int i = 0; i < depth.Length; i++)
            {
                if (depth[i] < MaxBits && (victim < 0 || depth[i] > depth[victim]))
                {
                    victim = i;
                }
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

    /// <summary>Canonical codes: by length, then by symbol. Entry = code &lt;&lt; 8 | length.</summary>
    public static void AssignCodes(ReadOnlySpan<byte> lengths, Span<uint> codes)
    {
        Span<int> next = stackalloc int[MaxBits + 2];
        FirstCodes(lengths, next);
        for (int s = 0; s < 256; s++)
        {
            int length = lengths[s];
            codes[s] = length == 0 ? 0 : (uint)next[length]++ << 8 | (uint)length;
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
        Span<int> next = stackalloc int[MaxBits + 2];
        FirstCodes(lengths, next);
        for (int s = 0; s < 256; s++)
        {
            int length = lengths[s];
            if (length != 0)
            {
                int start = next[length]++ << (MaxBits - length);
                table.Slice(start, TableSize >> length).Fill((ushort)(s << 8 | length));
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
    public static int ReadLengths(ReadOnlySpan<byte> source, Span<byte> lengths)
    {
        var bits = new BitSource(source);
        lengths.Clear();
        int previous = 8;
        int s = 0;
        int kraft = 0;
        bool present = false;
        while (s < 256)
        {
            uint run = bits.Gamma() - 1;
            if (run > 256 - s || run == 0 && s != 0)
            {
                throw new DwcpFormatException("A Huffman description names more than 256 symbols.");
            }

            int end = s + (int)run;
            if (present)
            {
                for (; s < end; s++)
                {
                    uint zigzag = bits.Unary();
                    int length = previous + ((int)(zigzag >> 1) ^ -(int)(zigzag & 1));
                    if (length is < 1 or > MaxBits)
                    {
                        throw new DwcpFormatException($"A Huffman code length of {length} is outside 1..{MaxBits}.");
                    }

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

        return bits.Finish();
    }
}
