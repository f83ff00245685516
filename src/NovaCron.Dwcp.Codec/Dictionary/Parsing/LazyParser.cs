using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Matching;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>
/// Lazy parsing over a <see cref="RowFinder"/>: a match is taken when neither of the next two positions has one that saves more, by the
/// estimate of zstd's lazy2 strategy (four bits saved a byte, against the bits of the offset).
/// </summary>
internal sealed unsafe class LazyParser : Parser
{
    private const int MinMatch = 4;

    /// <summary>Of a longer match only the first 96 and the last 32 positions are indexed (zstd's row matcher does the same).</summary>
    private const int LongMatch = 384;
    private const int IndexFirst = 96;
    private const int IndexLast = 32;

    /// <summary>
    /// A match as long as this is taken at once. With 32 instead a server's log was 3 % larger and other data up to 0.5 %, for a tenth less time to parse; with 64
    /// the log was 1.2 % larger.
    /// </summary>
    private const int Enough = 128;

    /// <summary>How many positions behind a match are searched for a better one, and what it must save more there, in quarters of a byte, as in zstd.</summary>
    private const int Patience = 2;
    private const int NextHandicap = 4;
    private const int SecondHandicap = 7;

    /// <summary>So many positions ahead the row of a position is asked for; with 8, as in zstd, parsing took 7 % longer, with 24 and 32 it did not get faster.</summary>
    private const int Ahead = 16;

    /// <summary>In noise one position of four is indexed and the step grows sooner: what repeats there repeats for long.</summary>
    private const int NoiseStride = 4;
    private const int SkipShift = 8;
    private const int NoiseSkipShift = 5;

    private readonly RowFinder _finder;
    private readonly int _attempts;
    private readonly int _nextAttempts;
    private readonly nint[] _foundArray = GC.AllocateArray<nint>(RowFinder.RowEntries, pinned: true);
    private readonly nint* _found;
    private byte* _block;
    private int _length;
    private int _aheadEnd;
    private int _indexed;
    private bool _noise;
    private RecentOffsets _recent;

    /// <param name="hashBytes">The bytes that a candidate shares at least.</param>
    /// <param name="rowBits">Binary logarithm of the most rows.</param>
    /// <param name="attempts">How many candidates of a row are compared, 1 to 15.</param>
    /// <param name="nextAttempts">How many where there is a match one or two positions before, which most often stays the best, 1 to 15.</param>
    public LazyParser(int hashBytes, int rowBits, int attempts, int nextAttempts)
    {
        _finder = new RowFinder(hashBytes, rowBits);
        _attempts = attempts;
        _nextAttempts = nextAttempts;
        _found = (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_foundArray));
    }

    /// <inheritdoc/>
    public override void Begin(byte* block, int length)
    {
        _block = block;
        _length = length;
        _aheadEnd = length - Ahead - MatchKernel.Lookahead;
        _indexed = 0;
        _recent = RecentOffsets.Initial;
        _finder.Begin(length);
    }

    /// <inheritdoc/>
    public override void Parse(int start, int end, SequenceBuffer sequences, bool noise = false)
    {
        sequences.Clear();
        byte* block = _block;
        byte* stop = block + end;
        byte* anchor = block + start;

        byte* limit = block + Math.Min(end, _length - MatchKernel.Lookahead) - MatchKernel.Lookahead;
        byte* p = start == 0 ? anchor + 1 : anchor;
        int skipShift = noise ? NoiseSkipShift : SkipShift;
        _noise = noise;
        while (p < limit)
        {
            int length = Search(p, stop, MinMatch - 2, int.MinValue, _attempts, out int offset);
            if (length == 0)
            {
                p += 1 + (p - anchor >> skipShift);
                continue;
            }

            byte* at = p;
            if (length < Enough)
            {
                int gain = Gain(length, offset);
                int patience = Patience;
                while (patience > 0 && p + 1 < limit)
                {
                    p++;
                    int least = gain + (patience == Patience ? NextHandicap : SecondHandicap);
                    int nextLength = Search(p, stop, Math.Max(MinMatch - 2, least >> 2), least, _nextAttempts, out int nextOffset);
                    int nextGain = nextLength > 0 ? Gain(nextLength, nextOffset) : 0;
                    if (nextGain > least)
                    {
                        length = nextLength;
                        offset = nextOffset;
                        gain = nextGain;
                        at = p;
                        patience = Patience;
                        if (length >= Enough)
                        {
                            break;
                        }
                    }
                    else
                    {
                        patience--;
                    }
                }
            }

            p = at;
            while (p > anchor && p - offset > block && p[-1] == (p - offset)[-1])
            {
                p--;
                length++;
            }

            sequences.Add((int)(p - anchor), length, offset);
            _recent.Use(offset);
            p += length;
            anchor = p;
        }
    }

    /// <summary>A recent offset costs about a bit; a new one its logarithm and some.</summary>
    private int Gain(int length, int offset)
    {
        int index = _recent.IndexOf(offset);
        return 4 * length - (index < RecentOffsets.Count ? index : BitOperations.Log2((uint)offset + 3));
    }

    /// <summary>The match at <paramref name="p"/> that saves most.</summary>
    /// <param name="p">Where it begins.</param>
    /// <param name="stop">Where it ends at latest.</param>
    /// <param name="best">It must be longer, or 3 bytes long at a recent offset.</param>
    /// <param name="bestGain">It must save more, if it is not at a recent offset.</param>
    /// <param name="attempts">How many candidates are compared.</param>
    /// <param name="offset">How far back it lies.</param>
    /// <returns>Its length, or 0 without one.</returns>
    private int Search(byte* p, byte* stop, int best, int bestGain, int attempts, out int offset)
    {
        byte* block = _block;
        uint position = (uint)(p - block);
        CatchUp((int)position);
        _indexed = (int)position + 1;
        offset = 0;
        int room = (int)(stop - p);
        if ((int)position < _aheadEnd)
        {
            _finder.Prefetch(_finder.Hash(p + Ahead));
        }

        uint hash = _finder.Hash(p);
        uint* row = _finder.Candidates(hash, out uint head, out uint candidates);
        if (best < room)
        {
            // All are asked for before the first is looked at: each may be a cache miss.
            nint* found = _found;
            int count = 0;
            for (; candidates != 0 && attempts > 0; attempts--, candidates &= candidates - 1)
            {
                byte* c = block + RowFinder.Position(row[head + (uint)BitOperations.TrailingZeroCount(candidates) & RowFinder.RowEntries - 1]);
                MatchKernel.Prefetch(c);
                found[count++] = (nint)c;
            }

            uint first = Bytes.Load32(p);
            Recent(p, first, position, _recent.First, stop, ref best, ref offset);
            Recent(p, first, position, _recent.Second, stop, ref best, ref offset);
            Recent(p, first, position, _recent.Third, stop, ref best, ref offset);
            bestGain = offset == 0 ? bestGain : 4 * best;
            for (int i = 0; i < count && best < room; i++)
            {
                // The last four bytes of a longer match differ most often, so they are compared first.
                byte* c = (byte*)found[i];
                int tail = Math.Max(0, best - 3);
                if (Bytes.Load32(c + tail) != Bytes.Load32(p + tail) || c >= p || Bytes.Load32(c) != first)
                {
                    continue;
                }

                int length = 4 + MatchKernel.Length(p + 4, c + 4, stop);
                int gain = 4 * length - BitOperations.Log2((uint)(p - c) + 3);
                if (gain > bestGain)
                {
                    best = length;
                    bestGain = gain;
                    offset = (int)(p - c);
                }
            }
        }

        _finder.Insert(hash, position);
        return offset == 0 ? 0 : Math.Min(best, room);
    }

    private static void Recent(byte* p, uint first, uint position, int recent, byte* stop, ref int best, ref int offset)
    {
        // Of a match that must be long its end is looked at first.
        if (recent <= position && ((Bytes.Load32(p - recent) ^ first) & 0xFFFFFF) == 0
            && best < stop - p && (best < MinMatch || Bytes.Load32(p + best - 3) == Bytes.Load32(p + best - 3 - recent)))
        {
            int length = 3 + MatchKernel.Length(p + 3, p + 3 - recent, stop);
            if (length > best)
            {
                best = length;
                offset = recent;
            }
        }
    }

    /// <summary>Indexes what was skipped by a match or a step.</summary>
    private void CatchUp(int position)
    {
        int from = _indexed;
        if (from >= position)
        {
            return;
        }

        if (_noise)
        {
            for (; from < position; from += NoiseStride)
            {
                _finder.Insert(_finder.Hash(_block + from), (uint)from);
            }

            return;
        }

        if (position - from > LongMatch)
        {
            _finder.InsertAll(_block, from, from + IndexFirst, Ahead, _aheadEnd);
            from = position - IndexLast;
        }

        _finder.InsertAll(_block, from, position, Ahead, _aheadEnd);
    }
}
