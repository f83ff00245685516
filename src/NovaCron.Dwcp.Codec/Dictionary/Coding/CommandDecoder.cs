using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Reads segments in the command coding (<see cref="CommandCoding"/>). Holds its stream buffers; reused from block to block.</summary>
internal sealed unsafe class CommandDecoder
{
    /// <summary>What the copying loop may read beyond a stream.</summary>
    private const int Slack = 64;

    private readonly byte[] _literals = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment + Slack, pinned: true);
    private readonly byte[] _commands = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment / 2 + Slack, pinned: true);
    private readonly byte[] _codes = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment / 2 + Slack, pinned: true);
    private readonly byte[] _lengths = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment + Slack, pinned: true);
    private readonly byte[] _extra = GC.AllocateUninitializedArray<byte>(CommandCoding.MaxSegment * 2 + Slack, pinned: true);

    /// <summary>For each offset code the least offset that it stands for.</summary>
    private readonly int[] _bases = Bases();
    private readonly int[] _offsets = GC.AllocateUninitializedArray<int>(CommandCoding.MaxSegment / 2 + Slack, pinned: true);

    /// <summary>Decodes one segment of <paramref name="length"/> bytes to <paramref name="position"/> of <paramref name="block"/>.</summary>
    /// <param name="source">The payload; moved past the segment.</param>
    /// <param name="block">The destination; everything before <paramref name="position"/> is history.</param>
    /// <param name="position">Where the segment starts.</param>
    /// <param name="length">Its decoded length, at most <see cref="CommandCoding.MaxSegment"/>.</param>
    /// <param name="recent">The recent offsets, carried from segment to segment.</param>
    /// <exception cref="DwcpFormatException">The segment is malformed.</exception>
    public void Decode(ref ReadOnlySpan<byte> source, Span<byte> block, int position, int length, ref RecentOffsets recent)
    {
        ReadOnlySpan<byte> literals = StreamCoder.Decode(ref source, _literals.AsSpan(0, length));
        ReadOnlySpan<byte> commands = StreamCoder.Decode(ref source, _commands.AsSpan(0, length / 2));
        if (commands.IsEmpty)
        {
            if (literals.Length != length)
            {
                throw new DwcpFormatException("A segment without matches does not hold as many literals as bytes.");
            }

            literals.CopyTo(block[position..]);
            return;
        }

        // Literals that lie in the payload near its end, or were announced there, are copied once to where reading on is harmless.
        ReadOnlySpan<byte> lengths = StreamCoder.Decode(ref source, _lengths.AsSpan(0, length));
        ReadOnlySpan<byte> codes = StreamCoder.Decode(ref source, _codes.AsSpan(0, length / 2));
        uint extraLength = Bytes.ReadVarint(ref source);
        if (extraLength > CommandCoding.MaxSegment * 2)
        {
            throw new DwcpFormatException("A segment announces more offset bits than it can have offsets.");
        }

        ReadOnlySpan<byte> extra = Bytes.Take(ref source, extraLength);
        extra.CopyTo(_extra);
        if (codes.Length > commands.Length)
        {
            throw new DwcpFormatException("A segment has more offsets than commands.");
        }

        if (!MemoryMarshal.CreateReadOnlySpan(in _literals[0], 1).Overlaps(literals[..Math.Min(1, literals.Length)]) && source.Length < Slack)
        {
            literals.CopyTo(_literals);
            literals = _literals.AsSpan(0, literals.Length);
        }

        fixed (byte* codesPointer = codes)
        {
            ExpandOffsets(codesPointer, codes.Length, (int)extraLength);
        }

        fixed (byte* b = block)
        fixed (byte* l = literals)
        fixed (byte* c = commands)
        fixed (byte* n = lengths)
        {
            // A span without bytes pins to null, but the kernel loads a vector of literals and two bytes of lengths before it looks whether
            // it needs them. Behind lengths that lie in the payload are at least the offsets' method, count and number of bits.
            byte* first = l != null ? l : (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_literals));
            byte* length0 = n != null ? n : (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_lengths));
            var state = new CommandKernel.State
            {
                History = b,
                Out = b + position,
                SegmentEnd = b + position + length,
                BlockEnd = b + block.Length,
                Literals = first,
                LiteralsEnd = first + literals.Length,
                Commands = c,
                CommandsEnd = c + commands.Length,
                Lengths = length0,
                LengthsEnd = length0 + lengths.Length,
                Offsets = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_offsets)),
            };
            int* offsetsEnd = state.Offsets + codes.Length;
            if (!CommandKernel.Execute(ref state, ref recent) || state.Offsets != offsetsEnd || state.Lengths != state.LengthsEnd)
            {
                throw new DwcpFormatException("The commands of a segment do not fit its streams or its history.");
            }
        }
    }

    private void ExpandOffsets(byte* codes, int count, int extraLength)
    {
        if (new ReadOnlySpan<byte>(codes, count).ContainsAnyInRange((byte)(CommandCoding.MaxExponent + 1 << 3), byte.MaxValue))
        {
            throw new DwcpFormatException("An offset is larger than any window.");
        }

        int* offsets = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_offsets));
        int* bases = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bases));
        byte* extra = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra));
        long bit = 0;

        // The bits of two codes, 27 each at most, are in one word. That there were enough is looked at after all: so many codes do not reach beyond the buffer.
        int i = 0;
        for (; i < count - 1; i += 2)
        {
            ulong bits = Bytes.Load64(extra + (bit >> 3)) >> (int)(bit & 7);
            int first = codes[i], second = codes[i + 1];
            int exponent = first >> 3;
            offsets[i] = bases[first] + (int)((uint)bits & (1u << exponent) - 1);
            bits >>= exponent;
            bit += exponent;
            exponent = second >> 3;
            offsets[i + 1] = bases[second] + (int)((uint)bits & (1u << exponent) - 1);
            bit += exponent;
        }

        if (i < count)
        {
            int exponent = codes[i] >> 3;
            offsets[i] = bases[codes[i]] + (int)((uint)(Bytes.Load64(extra + (bit >> 3)) >> (int)(bit & 7)) & (1u << exponent) - 1);
            bit += exponent;
        }

        long left = (long)extraLength * 8 - bit;
        if (left < 0)
        {
            throw new DwcpFormatException("Bits of a segment's offsets are missing.");
        }

        if (left >= 8)
        {
            throw new DwcpFormatException("A segment carries offset bits that no offset uses.");
        }
    }

    private static int[] Bases()
    {
        int[] bases = GC.AllocateArray<int>(CommandCoding.MaxExponent + 1 << 3, pinned: true);
        for (int code = 0; code < bases.Length; code++)
        {
            bases[code] = (8 + (code & 7) << (code >> 3)) - CommandCoding.OffsetBias;
        }

        return bases;
    }
}
