using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Matching;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>
/// Greedy parsing over one hash table with one candidate a bucket, as in LZ4 and the fast strategy of zstd: the newest position wins,
/// the step grows while nothing is found, a match is extended to both sides, and the previous offset is tried one byte ahead.
/// </summary>
internal sealed unsafe class FastParser : Parser
{
    private const int HashBytes = 5;

    /// <summary>After 2^6 bytes without a match the step grows by one: zstd's kSearchStrength of 8 loses less ratio but is slower on noise.</summary>
    private const int SkipShift = 6;

    private readonly uint[] _table;
    private readonly uint* _positions;
    private readonly int _maxBits;
    private int _bits;
    private byte* _block;
    private int _length;
    private RecentOffsets _recent;

    /// <param name="tableBits">Binary logarithm of the table's entries; 16 keeps it in a 1 MiB L2 beside the data.</param>
    public FastParser(int tableBits)
    {
        _maxBits = tableBits;
        _table = GC.AllocateUninitializedArray<uint>(1 << tableBits, pinned: true);
        _positions = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_table));
    }

    /// <inheritdoc/>
    public override void Begin(byte* block, int length)
    {
        _block = block;
        _length = length;
        _recent = RecentOffsets.Initial;

        // A small block clears and touches a small table.
        _bits = Math.Min(_maxBits, Math.Max(10, 31 - System.Numerics.BitOperations.LeadingZeroCount((uint)length)));
        _table.AsSpan(0, 1 << _bits).Clear();
    }

    /// <inheritdoc/>
    public override void Parse(int start, int end, SequenceBuffer sequences)
    {
        sequences.Clear();
        byte* block = _block;
        uint* table = _positions;
        int bits = _bits;
        byte* stop = block + end;
        byte* anchor = block + start;
        byte* limit = block + Math.Min(end, _length - MatchKernel.Lookahead) - MatchKernel.Lookahead;
        byte* p = anchor;
        RecentOffsets recent = _recent;
        if (start == 0)
        {
            p++;
        }

        while (p < limit)
        {
            int length;
            int offset;
            int step = 1 + (int)(p - anchor >> SkipShift);
            uint hash = MatchKernel.Hash(p, HashBytes, bits);
            byte* candidate = block + table[hash];
            table[hash] = (uint)(p - block);
            byte* ahead = p + 1;
            if (recent.First <= ahead - block && Bytes.Load32(ahead) == Bytes.Load32(ahead - recent.First))
            {
                p = ahead;
                offset = recent.First;
                length = 4 + MatchKernel.Length(p + 4, p + 4 - offset, stop);
                while (p > anchor && p - offset > block && p[-1] == (p - offset)[-1])
                {
                    p--;
                    length++;
                }
            }
            else if (candidate < p && Bytes.Load32(candidate) == Bytes.Load32(p))
            {
                offset = (int)(p - candidate);
                length = 4 + MatchKernel.Length(p + 4, candidate + 4, stop);
                while (p > anchor && candidate > block && p[-1] == candidate[-1])
                {
                    p--;
                    candidate--;
                    length++;
                }
            }
            else
            {
                p += step;
                continue;
            }

            sequences.Add((int)(p - anchor), length, offset);
            recent.Use(offset);
            p += length;
            anchor = p;
            if (p < limit)
            {
                // Two positions inside the match keep the table dense enough for the next repetition.
                table[MatchKernel.Hash(p - length + 2, HashBytes, bits)] = (uint)(p - length + 2 - block);
                table[MatchKernel.Hash(p - 2, HashBytes, bits)] = (uint)(p - 2 - block);
            }
        }

        _recent = recent;
    }
}
