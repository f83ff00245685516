using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    /// <returns>The bytes written.</returns>
    public int Encode(byte* segment, int length, SequenceBuffer sequences, ref RecentOffsets recent, Span<byte> destination)
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
        RecentOffsets offsets = recent;
        Sequence* item = sequences.Items;
        for (Sequence* last = item + sequences.Count; item < last; item++)
        {
            int count = item->Literals;
            uint command;
            if (count <= 16 && end - p >= 16)
            {
                Unsafe.CopyBlockUnaligned(literals, p, 16);
            }
            else
            {
                Unsafe.CopyBlockUnaligned(literals, p, (uint)count);
            }

            if (count < CommandCoding.LiteralEscape)
            {
                command = (uint)count;
            }
            else
            {
                command = CommandCoding.LiteralEscape;
                lengths = WriteLength(lengths, count - CommandCoding.LiteralEscape);
            }

            literals += count;
            p += count + item->Length;
            int code = item->Length - CommandCoding.MinMatch;
            if (code >= CommandCoding.LengthEscape)
            {
                lengths = WriteLength(lengths, code - CommandCoding.LengthEscape);
                code = CommandCoding.LengthEscape;
            }

            command |= (uint)code << 2;
            int offset = item->Offset;
            int index = offsets.IndexOf(offset);
            if (index == CommandCoding.NewOffset)
            {
                uint biased = (uint)(offset + CommandCoding.OffsetBias);
                int exponent = BitOperations.Log2(biased) - 3;
                *codes++ = (byte)(exponent << 3 | (int)(biased >> exponent & 7));
                bits |= (ulong)(biased & (1u << exponent) - 1) << held;
                held += exponent;
                Bytes.Store64(extra, bits);
                extra += held >> 3;
                bits >>= held & 0x38;
                held &= 7;
            }

            offsets.Use(offset);
            *commands++ = (byte)(command | (uint)index << 6);
        }

        int rest = (int)(end - p);
        Unsafe.CopyBlockUnaligned(literals, p, (uint)rest);
        literals += rest;
        if (held > 0)
        {
            *extra++ = (byte)bits;
        }

        recent = offsets;
        int n = StreamCoder.Encode(_literals.AsSpan(0, (int)(literals - Pointer(_literals))), destination);
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
