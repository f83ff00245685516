using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Matching;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>
/// Greedy parsing over one hash table with one candidate a bucket, as in LZ4 and the fast strategy of zstd (ZSTD_compressBlock_fast, whose
/// order of loads this follows: the hash of the next position is computed and its bucket read while the candidate of this one is on its way).
/// The newest position wins, the step grows while nothing is found, a match is extended to both sides, and the last offset is tried two ahead.
/// </summary>
internal sealed unsafe class FastParser : Parser
{
    /// <summary>
    /// In text seven bytes, as in zstd -1: with six there are a sixth more sequences, which cost time both ways and save nothing. Other data has repetitions of six: records of
    /// a table were 16 % smaller, programs and a disk image 2 % (with tables of 2^15), than with seven, for 3 to 6 % more time.
    /// </summary>
    private const int TextHashBytes = 7, HashBytes = 6;

    /// <summary>
    /// Binary logarithm of the table's entries. Text, which repeats near by, is on average as small with 2^14 as with 2^16 (logs and tables smaller by up to 3 %, source text larger by 4) and is
    /// compressed a seventh faster; less than <see cref="SmallText"/> of it is smaller with 2^13 still. Of other data 2^16 would save 1 % and cost 4 to 9 % of the time; with
    /// 2^14 a disk image grew by 1 %.
    /// </summary>
    private const int TextBits = 14, SmallTextBits = 13, TableBits = 15;
    private const int SmallText = 1 << 20;

    /// <summary>The step grows by one for each 2^7 bytes without a match, as in zstd.</summary>
    private const int SkipShift = 7;

    /// <summary>The first positions are not searched: before them the initial recent offsets would reach in front of the block.</summary>
    private const int First = 8;

    private readonly uint[] _table = GC.AllocateUninitializedArray<uint>(1 << TableBits, pinned: true);
    private readonly uint* _positions;
    private ulong _multiplier;
    private int _bits;
    private byte* _block;
    private int _length;
    private RecentOffsets _recent;

    public FastParser() => _positions = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_table));

    /// <inheritdoc/>
    public override void Begin(byte* block, int length)
    {
        _block = block;
        _length = length;
        _recent = RecentOffsets.Initial;

        // A small block clears and touches a small table.
        bool text = TextDetector.IsText(new ReadOnlySpan<byte>(block, length));
        int most = !text ? TableBits : length < SmallText ? SmallTextBits : TextBits;
        _bits = Math.Min(most, Math.Max(10, BitOperations.Log2((uint)length)));
        _multiplier = MatchKernel.Multiplier(text ? TextHashBytes : HashBytes);
        _table.AsSpan(0, 1 << _bits).Clear();
    }

    /// <inheritdoc/>
    public override void Parse(int start, int end, SequenceBuffer sequences, bool noise = false)
    {
        sequences.Clear();
        byte* block = _block;
        uint* table = _positions;
        int shift = 64 - _bits;
        ulong multiplier = _multiplier;
        byte* stop = block + end;
        byte* anchor = block + start;
        byte* limit = block + Math.Min(end, _length - MatchKernel.Lookahead) - MatchKernel.Lookahead;
        byte* lastPair = limit - 1;
        RecentOffsets recent = _recent;
        byte* p0 = block + Math.Max(start, First);
        while (true)
        {
            // Positions p0, p0 + 1, p2, p2 + 1; hash and candidate belong to p0, next to p1.
            nint step = 2;
            byte* p1 = p0 + 1;
            byte* p2 = p0 + step;
            if (p2 >= lastPair)
            {
                break;
            }

            byte* grow = p0 + (1 << SkipShift);
            nint last = recent.First;
            nuint hash = Hash(p0, multiplier, shift);
            nuint next = Hash(p1, multiplier, shift);
            nuint candidate = table[hash];
            byte* from;
            byte* found;
            int length;
            while (true)
            {
                table[hash] = (uint)(p0 - block);
                if (Bytes.Load32(p2) == Bytes.Load32(p2 - last))
                {
                    table[next] = (uint)(p1 - block);
                    found = p0;
                    int back = p2[-1] == (p2 - last)[-1] ? 1 : 0;
                    p0 = p2 - back;
                    from = p0 - last;
                    length = 4 + back;
                    break;
                }

                if (Bytes.Load32(block + candidate) == Bytes.Load32(p0))
                {
                    table[next] = (uint)(p1 - block);
                    found = p0;
                    from = block + candidate;
                    length = 0;
                    break;
                }

                candidate = table[next];
                hash = next;
                next = Hash(p2, multiplier, shift);
                p0 = p1;
                p1 = p2;
                p2++;
                table[hash] = (uint)(p0 - block);
                if (Bytes.Load32(block + candidate) == Bytes.Load32(p0))
                {
                    if (step <= 4)
                    {
                        table[next] = (uint)(p1 - block);
                    }

                    found = p0;
                    from = block + candidate;
                    length = 0;
                    break;
                }

                candidate = table[next];
                hash = next;
                next = Hash(p2, multiplier, shift);
                p0 = p1;
                p1 = p2;
                p2 = p0 + step;
                if (p2 >= grow)
                {
                    step++;
                    grow += 1 << SkipShift;
                }

                if (p2 >= lastPair)
                {
                    goto done;
                }
            }

            if (length == 0)
            {
                length = 4;
                while (p0 > anchor && from > block && p0[-1] == from[-1])
                {
                    p0--;
                    from--;
                    length++;
                }
            }

            length += MatchKernel.Length(p0 + length, from + length, stop);
            int offset = (int)(p0 - from);
            sequences.Add((int)(p0 - anchor), length, offset);
            recent.Use(offset);
            p0 += length;
            anchor = p0;
            if (p0 < limit)
            {
                // Two positions inside the match keep the table dense enough for the next repetition.
                table[Hash(found + 2, multiplier, shift)] = (uint)(found + 2 - block);
                table[Hash(p0 - 2, multiplier, shift)] = (uint)(p0 - 2 - block);
                while (p0 < limit && Bytes.Load32(p0) == Bytes.Load32(p0 - recent.Second))
                {
                    length = 4 + MatchKernel.Length(p0 + 4, p0 + 4 - recent.Second, stop);
                    table[Hash(p0, multiplier, shift)] = (uint)(p0 - block);
                    sequences.Add(0, length, recent.Second);
                    recent.Use(recent.Second);
                    p0 += length;
                    anchor = p0;
                }
            }
        }

    done:
        _recent = recent;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Hash(byte* p, ulong multiplier, int shift) => (nuint)(Bytes.Load64(p) * multiplier >> shift);
}
