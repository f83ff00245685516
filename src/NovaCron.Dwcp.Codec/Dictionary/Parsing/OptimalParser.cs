using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Matching;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>
/// The cheapest way through a segment by the prices of the nibble models: every position keeps the cheapest way to reach it and tries from
/// there a literal, the recent offsets and the matches found, each at all its lengths (dynamic programming forward, as in LZMA and zstd's
/// opt strategies). Where all ways meet in one position, the past is settled and written out.
/// </summary>
internal sealed unsafe class OptimalParser
{
    /// <summary>
    /// At level Max a match of 128 bytes is taken without looking further: on the database member 64 saves 0.1 % less and 250 saves 0.1 %
    /// more, at a fifth less speed.
    /// </summary>
    public const int EnoughAtMax = 128;

    /// <summary>At level Dense one of 32 bytes is: 64 takes a sixth longer and saves 0.01 points less on the disk image, 0.15 more on source text.</summary>
    public const int EnoughAtDense = 32;

    /// <summary>The most positions that are kept open.</summary>
    private const int Window = 4096;

    /// <summary>Of a match that was taken at once only the first 96 and the last 32 positions are indexed (zstd's row matcher does the same).</summary>
    private const int LongMatch = 384;
    private const int IndexFirst = 96;
    private const int IndexLast = 32;

    /// <summary>Matches of three bytes pay only from nearby.</summary>
    private const int ShortBits = 15;
    private const int ShortReach = 1 << 14;

    /// <summary>How far ahead of the search the tables are fetched.</summary>
    private const int Ahead = 12;

    /// <summary>After 2^7 literals in a row one more position is left unsearched each time.</summary>
    private const int SkipShift = 7;

    /// <summary>After so many sequences prices are read off the models anew; a model forgets half of what it knew in 22 symbols.</summary>
    private const int FollowInterval = 256;

    /// <summary>The next place makes this one not worth a search if it is reached by a match for hardly more (as in zstd's opt strategies): one bit.</summary>
    private const int HardlyMore = NibblePrices.Bit;

    /// <summary>How many candidates are compared of those that share four bytes, and of those that share eight.</summary>
    private const int NearAttempts = 4;
    private const int LongAttempts = 8;

    /// <summary>How many bytes longer a match with a new offset must be to replace a recent one that is long enough.</summary>
    private const int WorthNewOffset = 4;

    private const int MaxMatches = 2 * RowFinder.RowEntries + 2;

    [StructLayout(LayoutKind.Sequential)]
    private struct Node
    {
        public int Price;
        public int Length; // of the match that leads here; 0: a literal does
        public int Offset;
        public int Run; // literals since the last match
        public int Kind;
        public int First;
        public int Second;
        public int Third;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Match
    {
        public int Length;
        public int Offset;
    }

    private readonly int _enough;
    private readonly RowFinder _near;
    private readonly RowFinder _long;
    private readonly uint[] _short = GC.AllocateUninitializedArray<uint>(1 << ShortBits, pinned: true);
    private readonly uint* _shorts;
    private readonly Node[] _nodeArray = GC.AllocateUninitializedArray<Node>(Window + NibbleCoding.MaxSegment + 8, pinned: true);
    private readonly Node* _nodes;
    private readonly Match[] _matchArray = GC.AllocateUninitializedArray<Match>(MaxMatches, pinned: true);
    private readonly Match* _matches;
    private readonly Sequence[] _traceArray = GC.AllocateUninitializedArray<Sequence>(Window + 8, pinned: true);
    private readonly Sequence* _trace;
    private readonly NibblePrices _prices = new();
    private byte* _block;
    private byte* _limit;
    private int _indexed;

    /// <param name="nearBits">Binary logarithm of the most rows that remember positions by their first four bytes.</param>
    /// <param name="longBits">Binary logarithm of the most rows that remember positions by their first eight bytes.</param>
    /// <param name="enough">A match of this many bytes is taken without looking further; at most <see cref="NibblePrices.TabledLengths"/>.</param>
    public OptimalParser(int nearBits, int longBits, int enough)
    {
        _enough = enough;
        _near = new RowFinder(4, nearBits);
        _long = new RowFinder(8, longBits);
        _shorts = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_short));
        _nodes = (Node*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_nodeArray));
        _matches = (Match*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_matchArray));
        _trace = (Sequence*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_traceArray));
    }

    /// <summary>Forgets the previous block.</summary>
    /// <param name="block">The block; it stays in place until the next <see cref="Begin"/>.</param>
    /// <param name="length">Its length in bytes.</param>
    public void Begin(byte* block, int length)
    {
        _block = block;
        _limit = block + Math.Max(0, length - 2 * MatchKernel.Lookahead);
        _indexed = 0;
        _near.Begin(length);
        _long.Begin(length);
        _short.AsSpan().Clear();
    }

    /// <summary>Parses the segment <paramref name="start"/>..<paramref name="end"/>; everything before it is history.</summary>
    /// <param name="start">Where it starts in the block.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="text">Whether literals see the two bytes before.</param>
    /// <param name="recent">The recent offsets at its start.</param>
    /// <param name="encoder">Where prices come from.</param>
    /// <param name="follow">Whether what is settled is encoded at once, so that prices follow the data; else nothing is encoded.</param>
    /// <param name="sequences">Filled with what was chosen.</param>
    public void Parse(int start, int end, bool text, RecentOffsets recent, NibbleEncoder encoder, bool follow, SequenceBuffer sequences)
    {
        sequences.Clear();
        int next = follow ? FollowInterval : int.MaxValue;
        NibblePrices prices = _prices;
        prices.Update(encoder.Models, text, _enough);
        byte* history = _block;
        byte* p = history + start;
        byte* stop = history + end;
        byte* limit = stop - MatchKernel.Lookahead < _limit ? stop - MatchKernel.Lookahead : _limit;
        Node* nodes = _nodes;
        nodes[0] = new Node { Kind = encoder.LastKind, First = recent.First, Second = recent.Second, Third = recent.Third };
        int last = 0;
        int skip = 0;
        for (int i = 0; ; i++)
        {
            Node* node = nodes + i;
            if (i > 0)
            {
                Arrive(nodes, i);
            }

            byte* at = p + i;
            if (i == last || i >= Window || at >= limit)
            {
                // Nothing leads beyond this place, or it is too far to wait for more: the way here is settled.
                if (at >= limit)
                {
                    i = Cheapest(nodes, i, last, (int)(stop - p));
                    node = nodes + i;
                    at = p + i;
                }

                Settle(nodes, i, sequences);
                p = at;
                nodes[0] = *node;
                nodes[0].Price = 0;
                nodes[0].Length = 0;
                node = nodes;
                i = 0;
                last = 0;
                if (at >= limit)
                {
                    return;
                }

                if (sequences.Count >= next)
                {
                    encoder.Append(sequences);
                    prices.Update(encoder.Models, text, _enough);
                    next = sequences.Count + FollowInterval;
                }
            }

            int price = node->Price;
            int previous = at > history ? at[-1] : 0;
            int runAlignment = NibbleCoding.Alignment(text, at - node->Run, history);
            int literal = price
                + prices.Literal(*at, previous, NibbleCoding.SecondContext(text, at, history, node->First, node->Run == 0 ? NibbleCoding.FirstLiteral : 0))
                + prices.Count(node->Kind, node->Run + 1, runAlignment) - prices.Count(node->Kind, node->Run, runAlignment);
            if (i == last)
            {
                nodes[++last].Price = int.MaxValue;
            }

            if (literal < nodes[i + 1].Price)
            {
                nodes[i + 1].Price = literal;
                nodes[i + 1].Length = 0;
            }

            if (skip > 0)
            {
                skip--;
                continue;
            }

            if (nodes[i + 1].Length > 0 && nodes[i + 1].Price <= price + HardlyMore)
            {
                continue;
            }

            bool noLiterals = node->Run == 0;
            int alignment = NibbleCoding.Alignment(text, at, history);
            int* kinds = prices.Kinds(node->Kind, noLiterals, alignment);
            uint position = (uint)(at - history);
            int best = 1;
            int bestOffset = 0;
            for (int which = 0; which < RecentOffsets.Count; which++)
            {
                int offset = which == 0 ? node->First : which == 1 ? node->Second : node->Third;
                if ((uint)offset > position || Load16(at) != Load16(at - offset))
                {
                    continue;
                }

                int length = 2 + MatchKernel.Length(at + 2, at + 2 - offset, stop);
                if (length > best)
                {
                    best = length;
                    bestOffset = offset;
                }

                if (best >= _enough)
                {
                    continue;
                }

                while (last < i + length)
                {
                    nodes[++last].Price = int.MaxValue;
                }

                int* lengths = prices.Lengths(which, noLiterals, alignment);
                int* kind = kinds + which * 4;
                for (int code = length - NibbleCoding.MinRepeat; code >= 0; code--)
                {
                    int there = price + kind[Math.Min(code, 3)] + lengths[code]
                        + prices.Count(which << 2 | Math.Min(code, 3), 0, NibbleCoding.Alignment(text, at + code + NibbleCoding.MinRepeat, history));
                    Node* to = node + code + NibbleCoding.MinRepeat;
                    if (there < to->Price)
                    {
                        to->Price = there;
                        to->Length = code + NibbleCoding.MinRepeat;
                        to->Offset = offset;
                    }
                }
            }

            // A new offset in place of a recent one of such a length must pay for itself.
            int count = Collect(at, stop, best < _enough ? best : best + WorthNewOffset);
            int longest = count > 0 ? _matches[count - 1].Length : 0;
            if (longest >= _enough)
            {
                best = longest;
                bestOffset = _matches[count - 1].Offset;
            }
            else if (best < _enough)
            {
                if (count == 0 && best == 1)
                {
                    skip = node->Run >> SkipShift;
                }
                else if (count > 0)
                {
                    while (last < i + longest)
                    {
                        nodes[++last].Price = int.MaxValue;
                    }

                    int* lengths = prices.Lengths(RecentOffsets.Count, noLiterals, alignment);
                    int* kind = kinds + RecentOffsets.Count * 4;
                    int code = 0;
                    for (int m = 0; m < count; m++)
                    {
                        int offset = _matches[m].Offset;
                        int toCode = _matches[m].Length - NibbleCoding.MinNew;
                        int basePrice = price + prices.Offset(offset, out int high);
                        for (; code <= toCode; code++)
                        {
                            int there = basePrice + kind[Math.Min(code, 3)] + lengths[code] + prices.OffsetHighs(code)[high]
                                + prices.Count(RecentOffsets.Count << 2 | Math.Min(code, 3), 0, NibbleCoding.Alignment(text, at + code + NibbleCoding.MinNew, history));
                            Node* to = node + code + NibbleCoding.MinNew;
                            if (there < to->Price)
                            {
                                to->Price = there;
                                to->Length = code + NibbleCoding.MinNew;
                                to->Offset = offset;
                            }
                        }
                    }
                }

                continue;
            }

            // Long enough: settle the way here and take it.
            Settle(nodes, i, sequences);
            p = at + best;
            Node taken = *node;
            sequences.Add(taken.Run, best, bestOffset);
            var offsets = new RecentOffsets { First = taken.First, Second = taken.Second, Third = taken.Third };
            nodes[0] = new Node { Kind = KindOf(offsets.IndexOf(bestOffset), best) };
            offsets.Use(bestOffset);
            (nodes[0].First, nodes[0].Second, nodes[0].Third) = (offsets.First, offsets.Second, offsets.Third);
            last = 0;
            if (p >= limit)
            {
                return;
            }

            // The loop's increment must land on node 0 again; it has no way behind it, so it is not "arrived" at.
            i = -1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Load16(byte* p) => Unsafe.ReadUnaligned<ushort>(p);

    private static int KindOf(int which, int length) =>
        which << 2 | Math.Min(length - (which == RecentOffsets.Count ? NibbleCoding.MinNew : NibbleCoding.MinRepeat), 3);

    /// <summary>Completes the state of a node whose cheapest way is now final.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Arrive(Node* nodes, int i)
    {
        Node* node = nodes + i;
        if (node->Length == 0)
        {
            Node* before = node - 1;
            node->Run = before->Run + 1;
            node->Kind = before->Kind;
            node->First = before->First;
            node->Second = before->Second;
            node->Third = before->Third;
            return;
        }

        Node* from = node - node->Length;
        var offsets = new RecentOffsets { First = from->First, Second = from->Second, Third = from->Third };
        node->Kind = KindOf(offsets.IndexOf(node->Offset), node->Length);
        offsets.Use(node->Offset);
        node->First = offsets.First;
        node->Second = offsets.Second;
        node->Third = offsets.Third;
        node->Run = 0;
    }

    /// <summary>
    /// At a segment's end: of the ways that reach its last bytes the one that is cheapest there. Literals beyond the last place that was looked
    /// at are priced at eight bits; they are few.
    /// </summary>
    private static int Cheapest(Node* nodes, int i, int last, int end)
    {
        int best = i;
        int bestPrice = nodes[i].Price + (end - i) * 8 * NibblePrices.Bit;
        for (int j = i + 1; j <= last; j++)
        {
            int price = nodes[j].Price == int.MaxValue ? int.MaxValue : nodes[j].Price + (end - j) * 8 * NibblePrices.Bit;
            if (price < bestPrice)
            {
                best = j;
                bestPrice = price;
            }
        }

        for (int j = i + 1; j <= best; j++)
        {
            Arrive(nodes, j);
        }

        return best;
    }

    /// <summary>Writes out the way to node <paramref name="i"/>; literals after its last match stay in that node's run.</summary>
    private void Settle(Node* nodes, int i, SequenceBuffer sequences)
    {
        int count = 0;
        int at = i - (nodes[i].Length == 0 ? Math.Min(nodes[i].Run, i) : 0);
        while (at > 0)
        {
            Node* node = nodes + at;
            int from = at - node->Length;
            _trace[count++] = new Sequence { Literals = nodes[from].Run, Length = node->Length, Offset = node->Offset };
            at = nodes[from].Length == 0 ? from - Math.Min(nodes[from].Run, from) : from;
        }

        while (--count >= 0)
        {
            sequences.Add(_trace[count].Literals, _trace[count].Length, _trace[count].Offset);
        }
    }

    /// <summary>The matches longer than <paramref name="best"/> at <paramref name="at"/>, each longer and farther than the one before.</summary>
    private int Collect(byte* at, byte* stop, int best)
    {
        byte* block = _block;
        uint position = (uint)(at - block);
        CatchUp((int)position);
        _indexed = (int)position + 1;
        Match* matches = _matches;
        int count = 0;
        best = Math.Max(best, NibbleCoding.MinNew - 1);

        uint first = Bytes.Load32(at);
        uint shortHash = first << 8;
        shortHash = shortHash * 0x9E37_79B1u >> 32 - ShortBits;
        uint candidate = _shorts[shortHash];
        _shorts[shortHash] = position;
        if (best < 4 && candidate < position && position - candidate < ShortReach && ((Bytes.Load32(block + candidate) ^ first) & 0xFFFFFF) == 0)
        {
            int length = 3 + MatchKernel.Length(at + 3, block + candidate + 3, stop);
            if (length > best)
            {
                best = length;
                matches[count].Length = length;
                matches[count++].Offset = (int)(position - candidate);
            }
        }

        uint hash = _near.Hash(at);
        uint longHash = _long.Hash(at);
        if (at + Ahead < _limit)
        {
            _near.Prefetch(_near.Hash(at + Ahead));
            _long.Prefetch(_long.Hash(at + Ahead));
        }

        count = Scan(_near, hash, at, position, stop, ref best, count, NearAttempts);
        count = Scan(_long, longHash, at, position, stop, ref best, count, LongAttempts);
        _near.Insert(hash, position);
        _long.Insert(longHash, position);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Scan(RowFinder finder, uint hash, byte* at, uint position, byte* stop, ref int best, int count, int attempts)
    {
        byte* block = _block;
        uint* row = finder.Candidates(hash, out uint head, out uint candidates);
        for (; candidates != 0 && attempts > 0 && at + best < stop; candidates &= candidates - 1, attempts--)
        {
            uint candidate = RowFinder.Position(row[head + (uint)BitOperations.TrailingZeroCount(candidates) & RowFinder.RowEntries - 1]);
            byte* c = block + candidate;
            if (candidate >= position || c[best] != at[best] || Bytes.Load32(c) != Bytes.Load32(at))
            {
                continue;
            }

            int length = 4 + MatchKernel.Length(at + 4, c + 4, stop);
            if (length > best)
            {
                best = length;
                _matches[count].Length = length;
                _matches[count++].Offset = (int)(position - candidate);
            }
        }

        return count;
    }

    /// <summary>Indexes what was passed over.</summary>
    private void CatchUp(int position)
    {
        int from = _indexed;
        if (position - from > LongMatch)
        {
            Index(from, from + IndexFirst);
            from = position - IndexLast;
        }

        Index(from, position);
    }

    private void Index(int from, int to)
    {
        for (; from < to; from++)
        {
            byte* at = _block + from;
            _near.Insert(_near.Hash(at), (uint)from);
            _long.Insert(_long.Hash(at), (uint)from);
            _shorts[(Bytes.Load32(at) << 8) * 0x9E37_79B1u >> 32 - ShortBits] = (uint)from;
        }
    }
}
