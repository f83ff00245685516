using System.Numerics;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Matching;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Shared;

/// <summary>
/// The cheapest way through a small segment behind a dictionary, by the prices of models that were primed for it (dynamic programming forward, as in
/// <see cref="OptimalParser"/>). What is in the dictionary is looked up in its own index, so that a payload costs what it is long, not what the
/// dictionary is.
/// </summary>
internal sealed unsafe class DictionaryParser
{
    /// <summary>How many places with the same four bytes are tried, in the dictionary and in the payload each.</summary>
    private const int Attempts = 48;

    /// <summary>A match this long is taken without looking into it.</summary>
    private const int Enough = 128;

    private const int MaxLocalBits = 14;

    [StructLayout(LayoutKind.Sequential)]
    private struct Node
    {
        public int Price;
        public int Length; // of the match that leads here; 0: a literal does
        public int Offset;
        public int Run;
        public int Kind;
        public RecentOffsets Recent;
    }

    private readonly NibblePrices _prices = new();
    private readonly Node[] _nodes = GC.AllocateUninitializedArray<Node>(NibbleCoding.MaxSegment + 1);
    private readonly Sequence[] _trace = GC.AllocateUninitializedArray<Sequence>(NibbleCoding.MaxSegment / 2 + 1);
    private readonly int[] _heads = new int[1 << MaxLocalBits];
    private readonly int[] _next = GC.AllocateUninitializedArray<int>(NibbleCoding.MaxSegment);
    private int _localBits;

    /// <summary>Parses a segment.</summary>
    /// <param name="history">The dictionary's content, with the payload behind it and 16 bytes of anything behind that.</param>
    /// <param name="start">Where the segment starts.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="text">Whether literals see the two bytes before.</param>
    /// <param name="recent">The recent offsets at its start.</param>
    /// <param name="encoder">Where prices come from.</param>
    /// <param name="index">The dictionary's.</param>
    /// <param name="sequences">Filled with what was chosen.</param>
    public void Parse(byte* history, int start, int length, bool text, RecentOffsets recent, NibbleEncoder encoder, DictionaryIndex index, SequenceBuffer sequences)
    {
        sequences.Clear();
        _localBits = Math.Clamp(BitOperations.Log2((uint)length) + 1, 6, MaxLocalBits);
        _heads.AsSpan(0, 1 << _localBits).Fill(-1);
        _prices.Update(encoder.Models, text);
        Span<Node> nodes = _nodes;
        for (int i = 1; i <= length; i++)
        {
            nodes[i].Price = int.MaxValue;
        }

        nodes[0] = new Node { Kind = encoder.LastKind, Recent = recent };
        byte* segment = history + start;
        byte* stop = segment + length;
        for (int i = 0; i < length; i++)
        {
            ref Node node = ref nodes[i];
            if (node.Price == int.MaxValue)
            {
                continue;
            }

            byte* at = segment + i;
            if (i > 0)
            {
                Arrive(nodes, i);
            }

            Literal(nodes, i, at, history, text);
            if (length - i < 4)
            {
                continue;
            }

            int long1 = Repeats(nodes, i, at, stop, history, text);
            int long2 = Matches(nodes, i, at, stop, history, start, text, index);
            if (Math.Max(long1, long2) >= Enough)
            {
                // The places inside it are not looked at: their prices stay, but no way goes on from them.
                int end = i + Math.Max(long1, long2);
                for (int j = i + 1; j < end; j++)
                {
                    nodes[j].Price = int.MaxValue;
                }

                i = end - 1;
            }
        }

        Arrive(nodes, length);
        Trace(nodes, length, sequences);
    }

    private static void Arrive(Span<Node> nodes, int i)
    {
        ref Node node = ref nodes[i];
        if (node.Length == 0)
        {
            ref Node before = ref nodes[i - 1];
            node.Run = before.Run + 1;
            node.Kind = before.Kind;
            node.Recent = before.Recent;
            return;
        }

        node.Recent = nodes[i - node.Length].Recent;
        int which = node.Recent.IndexOf(node.Offset);
        node.Kind = which << 2 | Math.Min(node.Length - (which == RecentOffsets.Count ? NibbleCoding.MinNew : NibbleCoding.MinRepeat), 3);
        node.Recent.Use(node.Offset);
        node.Run = 0;
    }

    private void Literal(Span<Node> nodes, int i, byte* at, byte* history, bool text)
    {
        ref Node node = ref nodes[i];
        int alignment = NibbleCoding.Alignment(text, at - node.Run, history);
        int previous = at > history ? at[-1] : 0;
        int price = node.Price
            + _prices.Literal(*at, previous, NibbleCoding.SecondContext(text, at, history, node.Recent.First, node.Run == 0 ? NibbleCoding.FirstLiteral : 0))
            + _prices.Count(node.Kind, node.Run + 1, alignment) - _prices.Count(node.Kind, node.Run, alignment);
        if (price < nodes[i + 1].Price)
        {
            nodes[i + 1].Price = price;
            nodes[i + 1].Length = 0;
        }
    }

    private int Repeats(Span<Node> nodes, int i, byte* at, byte* stop, byte* history, bool text)
    {
        int longest = 0;
        RecentOffsets recent = nodes[i].Recent;
        for (int which = 0; which < RecentOffsets.Count; which++)
        {
            int offset = which == 0 ? recent.First : which == 1 ? recent.Second : recent.Third;
            if (offset > at - history)
            {
                continue;
            }

            int length = MatchKernel.Length(at, at - offset, stop);
            if (length >= NibbleCoding.MinRepeat)
            {
                Relax(nodes, i, at, history, text, which, offset, NibbleCoding.MinRepeat, length);
                longest = Math.Max(longest, length);
            }
        }

        return longest;
    }

    private int Matches(Span<Node> nodes, int i, byte* at, byte* stop, byte* history, int start, bool text, DictionaryIndex index)
    {
        int best = NibbleCoding.MinNew;
        uint hash = MatchKernel.Hash(at, 4, _localBits);
        int candidate = _heads[hash];
        byte* segment = history + start;
        for (int attempts = Attempts; candidate >= 0 && attempts > 0 && best < Enough; attempts--, candidate = _next[candidate])
        {
            Try(nodes, i, at, stop, history, text, segment + candidate, ref best);
        }

        candidate = index.First(at);
        for (int attempts = Attempts; candidate >= 0 && attempts > 0 && best < Enough; attempts--, candidate = index.Next(candidate))
        {
            Try(nodes, i, at, stop, history, text, history + candidate, ref best);
        }

        _next[i] = _heads[hash];
        _heads[hash] = i;
        return best;
    }

    // Places are tried from the nearest on: a farther one must be longer, and pays for the bytes that it is longer.
    private void Try(Span<Node> nodes, int i, byte* at, byte* stop, byte* history, bool text, byte* candidate, ref int best)
    {
        if (at + best < stop && candidate[best] == at[best] && Bytes.Load32(candidate) == Bytes.Load32(at))
        {
            int length = 4 + MatchKernel.Length(at + 4, candidate + 4, stop);
            if (length > best)
            {
                Relax(nodes, i, at, history, text, RecentOffsets.Count, (int)(at - candidate), best + 1, length);
                best = length;
            }
        }
    }

    private void Relax(Span<Node> nodes, int i, byte* at, byte* history, bool text, int which, int offset, int from, int to)
    {
        bool isNew = which == RecentOffsets.Count;
        int least = isNew ? NibbleCoding.MinNew : NibbleCoding.MinRepeat;
        ref Node node = ref nodes[i];
        bool noLiterals = node.Run == 0;
        int alignment = NibbleCoding.Alignment(text, at, history);
        int* kinds = _prices.Kinds(node.Kind, noLiterals, alignment) + which * 4;
        int* lengths = _prices.Lengths(which, noLiterals, alignment);
        int high = 0;
        int common = node.Price + (isNew ? _prices.Offset(offset, out high) : 0);
        for (int length = to >= Enough ? to : from; length <= to; length++)
        {
            int code = length - least;
            int price = common + kinds[Math.Min(code, 3)] + lengths[Math.Min(code, NibblePrices.TabledLengths - 1)]
                + (isNew ? _prices.OffsetHighs(code)[high] : 0)
                + _prices.Count(which << 2 | Math.Min(code, 3), 0, NibbleCoding.Alignment(text, at + length, history));
            ref Node there = ref nodes[i + length];
            if (price < there.Price)
            {
                there.Price = price;
                there.Length = length;
                there.Offset = offset;
            }
        }
    }

    private void Trace(Span<Node> nodes, int end, SequenceBuffer sequences)
    {
        int count = 0;
        int at = end - (nodes[end].Length == 0 ? nodes[end].Run : 0);
        while (at > 0)
        {
            ref Node node = ref nodes[at];
            int from = at - node.Length;
            _trace[count++] = new Sequence { Literals = nodes[from].Run, Length = node.Length, Offset = node.Offset };
            at = from - nodes[from].Run;
        }

        while (--count >= 0)
        {
            sequences.Add(_trace[count].Literals, _trace[count].Length, _trace[count].Offset);
        }
    }
}
