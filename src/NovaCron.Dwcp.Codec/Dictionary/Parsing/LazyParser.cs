using System.Numerics;
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

    private readonly RowFinder _finder;
    private readonly int _attempts;
    private byte* _block;
    private int _length;
    private int _indexed;
    private RecentOffsets _recent;

    /// <param name="hashBytes">The bytes that a candidate shares at least.</param>
    /// <param name="rowBits">Binary logarithm of the most rows.</param>
    /// <param name="attempts">How many candidates of a row are compared, 1 to 16.</param>
    public LazyParser(int hashBytes, int rowBits, int attempts)
    {
        _finder = new RowFinder(hashBytes, rowBits);
        _attempts = attempts;
    }

    /// <inheritdoc/>
    public override void Begin(byte* block, int length)
    {
        _block = block;
        _length = length;
        _indexed = 0;
        _recent = RecentOffsets.Initial;
        _finder.Begin(length);
    }

    /// <inheritdoc/>
    public override void Parse(int start, int end, SequenceBuffer sequences)
    {
        sequences.Clear();
        byte* block = _block;
        byte* stop = block + end;
        byte* anchor = block + start;
        byte* limit = block + Math.Min(end, _length - MatchKernel.Lookahead) - MatchKernel.Lookahead;
        byte* p = start == 0 ? anchor + 1 : anchor;
        while (p < limit)
        {
            int length = Search(p, stop, out int offset);
            if (length < MinMatch - 1)
            {
                p += 1 + (p - anchor >> 8);
                continue;
            }

            byte* at = p;
            int gain = Gain(length, offset);
            int patience = 2;
            while (patience > 0 && p + 1 < limit)
            {
                p++;
                int nextLength = Search(p, stop, out int nextOffset);
                int handicap = patience == 2 ? 4 : 7;
                if (nextLength >= MinMatch - 1 && Gain(nextLength, nextOffset) > gain + handicap)
                {
                    length = nextLength;
                    offset = nextOffset;
                    gain = Gain(length, offset);
                    at = p;
                    patience = 2;
                }
                else
                {
                    patience--;
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

    private int Search(byte* p, byte* stop, out int offset)
    {
        byte* block = _block;
        uint position = (uint)(p - block);
        CatchUp((int)position);

        int best = MinMatch - 2;
        offset = 0;
        uint first = Bytes.Load32(p);
        Recent(p, first, position, _recent.First, stop, ref best, ref offset);
        Recent(p, first, position, _recent.Second, stop, ref best, ref offset);
        Recent(p, first, position, _recent.Third, stop, ref best, ref offset);
        int bestGain = best < MinMatch - 1 ? -100 : 4 * best;

        uint hash = _finder.Hash(p);
        uint* positions = _finder.Candidates(hash, out uint head, out uint candidates);
        for (int attempts = _attempts; candidates != 0 && attempts > 0; attempts--, candidates &= candidates - 1)
        {
            uint entry = head + (uint)BitOperations.TrailingZeroCount(candidates) & RowFinder.RowEntries - 1;
            uint candidate = positions[entry];
            byte* c = block + candidate;
            if (candidate >= position || Bytes.Load32(c) != first || p + best < stop && c[best] != p[best])
            {
                continue;
            }

            int length = 4 + MatchKernel.Length(p + 4, c + 4, stop);
            int gain = 4 * length - BitOperations.Log2(position - candidate + 3);
            if (gain > bestGain)
            {
                best = length;
                bestGain = gain;
                offset = (int)(position - candidate);
            }
        }

        _finder.Insert(hash, position);
        _indexed = (int)position + 1;
        return Math.Min(best, (int)(stop - p));
    }

    private static void Recent(byte* p, uint first, uint position, int recent, byte* stop, ref int best, ref int offset)
    {
        if (recent <= position && ((Bytes.Load32(p - recent) ^ first) & 0xFFFFFF) == 0)
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
        if (position - from > LongMatch)
        {
            for (int end = from + IndexFirst; from < end; from++)
            {
                _finder.Insert(_finder.Hash(_block + from), (uint)from);
            }

            from = position - IndexLast;
        }

        for (; from < position; from++)
        {
            _finder.Insert(_finder.Hash(_block + from), (uint)from);
        }
    }
}
