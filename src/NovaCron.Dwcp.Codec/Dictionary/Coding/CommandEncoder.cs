using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Writes segments in the command coding (<see cref="CommandCoding"/>). Holds its stream buffers; reused from block to block.</summary>
internal sealed unsafe class CommandEncoder
{
    private const int Slack = 64;
    private readonly byte[] _literals = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment + Slack, pinned: true);
    private readonly byte[] _commands = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment / 2 + Slack, pinned: true);
    private readonly byte[] _codes = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment / 2 + Slack, pinned: true);
    private readonly byte[] _lengths = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment + Slack, pinned: true);
    private readonly byte[] _extra = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment * 2 + Slack, pinned: true);

    /// <summary>The room <see cref="Encode"/> needs at most for a segment.</summary>
    public static int MaxEncoded(int segmentLength) =>
        StreamCoder.MaxEncoded(segmentLength) + 3 * StreamCoder.MaxEncoded(segmentLength / 2 + 16) + 2 * segmentLength + 64;

    private static byte* Pointer(byte[] pinned) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    /// <summary>Encodes one segment; <paramref name="recent"/> carries over from the segment before.</summary>
    /// <param name="segment">Its bytes.</param>
    /// <param name="length">How many.</param>
    /// <param name="sequences">What the parser found.</param>
    /// <param name="noise">Whether its literals are known to be random.</param>
    /// <param name="recent">The recent offsets before it, and after.</param>
    /// <param name="destination">At least <see cref="MaxEncoded"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public int Encode(byte* segment, int length, SequenceBuffer sequences, bool noise, ref RecentOffsets recent, Span<byte> destination)
    {
        byte* literals = Pointer(_literals);
        byte* commands = Pointer(_commands);
        byte* codes = Pointer(_codes);
        byte* lengths = Pointer(_lengths);
        byte* extra = Pointer(_extra);
        ulong bits = 0;
        int held = 0;
        byte* p = segment;
        byte* end = segment + length;
        byte* rotations = CommandCoding.Rotations;
        Vector128<int> ring = Vector128.Create(recent.First, recent.Second, recent.Third, 0);
        Sequence* item = sequences.Items;
        for (Sequence* last = item + sequences.Count; item < last; item++)
        {
            int count = item->Literals;
            if (end - p >= 16)
            {
                Vector128.Load(p).Store(literals);
                if (count > 16)
                {
                    Unsafe.CopyBlockUnaligned(literals + 16, p + 16, (uint)count - 16);
                }
            }
            else
            {
                Unsafe.CopyBlockUnaligned(literals, p, (uint)count);
            }

            literals += count;
            p += count + item->Length;

            // Whether a count or a length goes on in the length stream, and whether an offset is new, is as good as random, so all of it is
            // written and the pointers move by whether it counts. A shift of the sign tells that without a branch.
            int over = count - CommandCoding.LiteralEscape;
            int longer = (int)((uint)(-1 - over) >> 31);
            *lengths = (byte)over;
            lengths += longer;
            int code = item->Length - CommandCoding.MinMatch;
            int overMatch = code - CommandCoding.LengthEscape;
            int longerMatch = (int)((uint)(-1 - overMatch) >> 31);
            *lengths = (byte)overMatch;
            lengths += longerMatch;
            if ((CommandCoding.WideLength - 1 - over | CommandCoding.WideLength - 1 - overMatch) < 0)
            {
                lengths -= longer + longerMatch;
                lengths = longer != 0 ? WriteLength(lengths, over) : lengths;
                lengths = longerMatch != 0 ? WriteLength(lengths, overMatch) : lengths;
            }

            int offset = item->Offset;
            uint equal = Vector128.Equals(ring, Vector128.Create(offset)).ExtractMostSignificantBits() & (1 << RecentOffsets.Count) - 1;
            int index = BitOperations.TrailingZeroCount(equal | 1 << RecentOffsets.Count);
            ring = VectorTable.Lookup(ring.WithElement(RecentOffsets.Count, offset).AsByte(), Vector128.Load(rotations + 16 * index)).AsInt32();
            int isNew = index + 1 >> 2;
            uint biased = (uint)(offset + CommandCoding.OffsetBias);
            int exponent = BitOperations.Log2(biased) - 3;
            *codes = (byte)(exponent << 3 | (int)(biased >> exponent & 7));
            codes += isNew;
            exponent &= -isNew;
            bits |= (ulong)(biased & (1u << exponent) - 1) << held;
            held += exponent;
            Bytes.Store64(extra, bits);
            extra += held >> 3;
            bits >>= held & 0x38;
            held &= 7;
            *commands++ = (byte)(count - (over & -longer) | code - (overMatch & -longerMatch) << 2 | index << 6);
        }

        int rest = (int)(end - p);
        Unsafe.CopyBlockUnaligned(literals, p, (uint)rest);
        literals += rest;
        if (held > 0)
        {
            *extra++ = (byte)bits;
        }

        recent = new RecentOffsets { First = ring[0], Second = ring[1], Third = ring[2] };
        int n = StreamCoder.Encode(_literals.AsSpan(0, (int)(literals - Pointer(_literals))), destination, noise);
        n += StreamCoder.Encode(_commands.AsSpan(0, (int)(commands - Pointer(_commands))), destination[n..]);
        if (sequences.Count == 0)
        {
            return n;
        }

        n += StreamCoder.Encode(_lengths.AsSpan(0, (int)(lengths - Pointer(_lengths))), destination[n..]);
        n += StreamCoder.Encode(_codes.AsSpan(0, (int)(codes - Pointer(_codes))), destination[n..]);
        int extraLength = (int)(extra - Pointer(_extra));
        n += Bytes.WriteVarint(destination[n..], (uint)extraLength);
        _extra.AsSpan(0, extraLength).CopyTo(destination[n..]);
        return n + extraLength;
    }

    private static byte* WriteLength(byte* lengths, int value)
    {
        if (value < CommandCoding.WideLength)
        {
            *lengths++ = (byte)value;
            return lengths;
        }

        lengths[0] = CommandCoding.WideLength;
        lengths[1] = (byte)value;
        lengths[2] = (byte)(value >> 8);
        lengths[3] = (byte)(value >> 16);
        return lengths + 4;
    }
}
