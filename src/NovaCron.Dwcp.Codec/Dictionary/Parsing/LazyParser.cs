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

    /// <summary>A match as long as this is taken at once: with 64 instead the output is 0.03 to 0.4 % smaller, and parsing takes about a tenth longer.</summary>
    private const int Enough = 32;

    /// <summary>So many positions ahead the row of a position is asked for (zstd has 8, too).</summary>
    private const int Ahead = 8;

    /// <summary>In noise one position of four is indexed and the step grows sooner: what repeats there repeats for long.</summary>
    private const int NoiseStride = 4;
    private const int SkipShift = 8;
    private const int NoiseSkipShift = 5;

    private readonly RowFinder _finder;
    private readonly int _attempts;
    private readonly uint[] _hashArray = GC.AllocateArray<uint>(Ahead, pinned: true);
    private readonly uint* _hashes;
    private readonly nint[] _foundArray = GC.AllocateArray<nint>(RowFinder.RowEntries, pinned: true);
    private readonly nint* _found;
    private byte* _block;
    private int _length;
    private int _indexed;
    private int _hashed;
    private bool _noise;
    private RecentOffsets _recent;

    /// <param name="hashBytes">The bytes that a candidate shares at least.</param>
    /// <param name="rowBits">Binary logarithm of the most rows.</param>
    /// <param name="attempts">How many candidates of a row are compared, 1 to 15.</param>
    public LazyParser(int hashBytes, int rowBits, int attempts)
    {
        _finder = new RowFinder(hashBytes, rowBits);
        _attempts = attempts;
        _hashes = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_hashArray));
        _found = (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_foundArray));
    }

    /// <inheritdoc/>
    public override void Begin(byte* block, int length)
    {
        _block = block;
        _length = length;
        _indexed = 0;
        _hashed = -1;
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

        // The rows of positions Ahead further on are asked for, whose hashes read up to eight bytes.
        byte* limit = block + Math.Min(end, _length - MatchKernel.Lookahead) - MatchKernel.Lookahead;
        byte* p = start == 0 ? anchor + 1 : anchor;
        int skipShift = noise ? NoiseSkipShift : SkipShift;
        _noise = noise;
        while (p < limit)
        {
            int length = Search(p, stop, out int offset);
            if (length < MinMatch - 1)
            {
                p += 1 + (p - anchor >> skipShift);
                continue;
            }

            byte* at = p;
            if (length < Enough)
            {
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

        uint hash = NextHash((int)position);
        uint* positions = _finder.Candidates(hash, out uint head, out uint candidates);
        int room = (int)(stop - p);
        if (candidates != 0 && best < room)
        {
            // All are asked for before the first is looked at: each may be a cache miss.
            nint* found = _found;
            int count = 0;
            for (int attempts = _attempts; candidates != 0 && attempts > 0; attempts--, candidates &= candidates - 1)
            {
                byte* c = block + positions[head + (uint)BitOperations.TrailingZeroCount(candidates) & RowFinder.RowEntries - 1];
                MatchKernel.Prefetch(c);
                found[count++] = (nint)c;
            }

            for (int i = 0; i < count; i++)
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
                    if (best >= room)
                    {
                        break;
                    }
                }
            }
        }

        _finder.Insert(hash, position);
        _indexed = (int)position + 1;
        return Math.Min(best, room);
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
            for (int end = from + IndexFirst; from < end; from++)
            {
                _finder.Insert(NextHash(from), (uint)from);
            }

            from = position - IndexLast;
        }

        for (; from < position; from++)
        {
            _finder.Insert(NextHash(from), (uint)from);
        }
    }

    /// <summary>The hash at a position; asks for the row of the one <see cref="Ahead"/> of it, whose hash is kept until it is its turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint NextHash(int position)
    {
        if (position != _hashed)
        {
            Refill(position);
        }

        _hashed = position + 1;
        uint* slot = _hashes + (position & Ahead - 1);
        uint hash = *slot;
        uint coming = _finder.Hash(_block + position + Ahead);
        _finder.Prefetch(coming);
        *slot = coming;
        return hash;
    }

    private void Refill(int position)
    {
        for (int i = 0; i < Ahead; i++)
        {
            _hashes[position + i & Ahead - 1] = _finder.Hash(_block + position + i);
        }
    }
}
