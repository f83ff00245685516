using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Entropy.Nibbles;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Writes segments in the nibble coding (<see cref="NibbleCoding"/>).</summary>
internal sealed unsafe class NibbleEncoder
{
    private readonly NibbleCoding _coding = new();

    // A literal takes two symbols, a sequence of at least two bytes at most nine.
    private readonly NibbleWriter _writer = new(NibbleCoding.MaxSegment * 6);
    private readonly byte[] _extra = GC.AllocateUninitializedArray<byte>(NibbleCoding.MaxSegment * 4 + 64, pinned: true);
    private readonly byte[] _output = GC.AllocateUninitializedArray<byte>(NibbleCoding.MaxSegment * 4);
    private int _lastKind;

    /// <summary>The room that <see cref="Encode"/> may take.</summary>
    public const int MaxEncoded = NibbleCoding.MaxSegment * 8 + 128;

    public void Begin()
    {
        _coding.Reset();
        _lastKind = 0;
    }

    /// <summary>Encodes one segment. The models keep what they learned whether or not the result is used: a caller that stores a segment raw
    /// must go on with raw segments, or encode it all the same.</summary>
    /// <returns>The bytes written.</returns>
    public int Encode(byte* history, byte* segment, int length, bool text, SequenceBuffer sequences, ref RecentOffsets recent, Span<byte> destination)
    {
        NibbleWriter writer = _writer;
        writer.Clear();
        ushort* models = _coding.Models;
        byte* extra = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra));
        ulong bits = 0;
        int held = 0;
        byte* p = segment;
        RecentOffsets offsets = recent;
        int lastKind = _lastKind;
        Sequence* item = sequences.Items;
        for (Sequence* last = item + sequences.Count; item < last; item++)
        {
            int count = item->Literals;
            writer.Write(NibbleCoding.Count(models, lastKind), Math.Min(count, NibbleCoding.Escape), NibbleCoding.StructureRate);
            if (count >= NibbleCoding.Escape)
            {
                uint over = (uint)(count - NibbleCoding.Escape + 1);
                int exponent = BitOperations.Log2(over);
                writer.Write(NibbleCoding.CountBits(models), exponent, NibbleCoding.StructureRate);
                Put(ref extra, ref bits, ref held, over - (1u << exponent), exponent);
            }

            Literals(writer, models, history, p, count, text, offsets.First);
            p += count;
            int which = offsets.IndexOf(item->Offset);
            bool isNew = which == RecentOffsets.Count;
            int code = item->Length - (isNew ? NibbleCoding.MinNew : NibbleCoding.MinRepeat);
            int kind = which << 2 | Math.Min(code, 3);
            writer.Write(NibbleCoding.Kinds(models, (lastKind >> 2) * 2 + (count == 0 ? 1 : 0)), kind, NibbleCoding.StructureRate);
            lastKind = kind;
            if (code >= 3)
            {
                writer.Write(NibbleCoding.Lengths(models, which * 2 + (count == 0 ? 1 : 0)), Math.Min(code - 3, NibbleCoding.Escape), NibbleCoding.StructureRate);
                if (code - 3 >= NibbleCoding.Escape)
                {
                    uint over = (uint)(code - 3 - NibbleCoding.Escape + 1);
                    int exponent = BitOperations.Log2(over);
                    writer.Write(NibbleCoding.LengthBits(models, isNew), exponent, NibbleCoding.StructureRate);
                    Put(ref extra, ref bits, ref held, over - (1u << exponent), exponent);
                }
            }

            if (isNew)
            {
                uint biased = (uint)(item->Offset + NibbleCoding.OffsetBias);
                int exponent = BitOperations.Log2(biased);
                int high = exponent >> 1;
                writer.Write(NibbleCoding.OffsetHighs(models, Math.Min(code, 7)), high, NibbleCoding.StructureRate);
                int rest = exponent - 3;
                writer.Write(
                    NibbleCoding.OffsetMiddles(models, high), (exponent & 1) << 3 | (int)(biased >> rest & 7), NibbleCoding.StructureRate);
                if (rest >= 4)
                {
                    Put(ref extra, ref bits, ref held, biased >> 4 & (1u << rest - 4) - 1, rest - 4);
                    writer.Write(NibbleCoding.OffsetLows(models), (int)(biased & 15), NibbleCoding.StructureRate);
                }
                else
                {
                    Put(ref extra, ref bits, ref held, biased & (1u << rest) - 1, rest);
                }
            }

            offsets.Use(item->Offset);
            p += item->Length;
        }

        Literals(writer, models, history, p, (int)(segment + length - p), text, offsets.First);
        _lastKind = lastKind;
        recent = offsets;
        if (held > 0)
        {
            *extra++ = (byte)bits;
        }

        int extraLength = (int)(extra - (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra)));
        Span<byte> coded = writer.Finish(_output);
        int n = Bytes.WriteVarint(destination, (uint)sequences.Count);
        n += Bytes.WriteVarint(destination[n..], (uint)extraLength);
        n += Bytes.WriteVarint(destination[n..], (uint)coded.Length);
        _extra.AsSpan(0, extraLength).CopyTo(destination[n..]);
        coded.CopyTo(destination[(n + extraLength)..]);
        return n + extraLength + coded.Length;
    }

    private static void Literals(NibbleWriter writer, ushort* models, byte* history, byte* p, int count, bool text, int lastOffset)
    {
        for (byte* end = p + count; p < end; p++)
        {
            int previous = p > history ? p[-1] : 0;
            int second = NibbleCoding.SecondContext(text, p, history, lastOffset, count == end - p);
            int high = *p >> 4;
            writer.Write(NibbleCoding.High(models, previous), NibbleCoding.SecondaryHigh(models, second), high, NibbleCoding.LiteralRate);
            writer.Write(
                NibbleCoding.Low(models, previous, high), NibbleCoding.SecondaryLow(models, second, high), *p & 15, NibbleCoding.LiteralRate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ref byte* extra, ref ulong bits, ref int held, uint value, int count)
    {
        bits |= (ulong)value << held;
        held += count;
        Bytes.Store64(extra, bits);
        extra += held >> 3;
        bits >>= held & 0x38;
        held &= 7;
    }
}
