using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Entropy.Nibbles;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Reads segments in the nibble coding (<see cref="NibbleCoding"/>).</summary>
internal sealed unsafe class NibbleDecoder
{
    private const int MaxOffsetExponent = 27;
    private const int Slack = 64;
    private readonly NibbleCoding _coding = new();
    private readonly byte[] _extra = GC.AllocateUninitializedArray<byte>(NibbleCoding.MaxSegment * 4 + 64, pinned: true);
    private int _lastKind;

    public void Begin()
    {
        _coding.Reset();
        _lastKind = 0;
    }

    /// <summary>Decodes one segment of <paramref name="length"/> bytes to <paramref name="position"/> of <paramref name="block"/>.</summary>
    /// <exception cref="DwcpFormatException">The segment is malformed.</exception>
    public void Decode(ref ReadOnlySpan<byte> source, Span<byte> block, int position, int length, bool text, ref RecentOffsets recent)
    {
        uint sequences = Bytes.ReadVarint(ref source);
        uint extraLength = Bytes.ReadVarint(ref source);
        uint codedLength = Bytes.ReadVarint(ref source);
        if (length > NibbleCoding.MaxSegment || extraLength > NibbleCoding.MaxSegment * 4 || codedLength < 16)
        {
            throw new DwcpFormatException("A segment's parts have lengths that no segment has.");
        }

        Bytes.Take(ref source, extraLength).CopyTo(_extra);
        ReadOnlySpan<byte> coded = Bytes.Take(ref source, codedLength);
        fixed (byte* b = block)
        fixed (byte* c = coded)
        {
            if (!Run(b, b + position, b + position + length, b + block.Length, c, c + coded.Length, sequences, (long)extraLength * 8, text, ref recent))
            {
                throw new DwcpFormatException("The sequences of a segment do not fit it, its history or its bits.");
            }
        }
    }

    private bool Run(
        byte* history, byte* o, byte* segmentEnd, byte* blockEnd, byte* coded, byte* codedEnd, uint sequences, long extraBits, bool text,
        ref RecentOffsets recent)
    {
        ushort* models = _coding.Models;
        byte* extra = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra));
        long bit = 0;
        var reader = new NibbleReader(coded, codedEnd, _coding.Ages);
        RecentOffsets offsets = recent;
        int lastKind = _lastKind;
        for (; sequences > 0; sequences--)
        {
            int count = reader.Read(NibbleCoding.Count(models, lastKind, NibbleCoding.Alignment(text, o, history)));
            if (count == NibbleCoding.Escape)
            {
                int exponent = reader.Read(NibbleCoding.CountBits(models));
                count += (int)((1u << exponent | Get(extra, ref bit, exponent)) - 1);
            }

            // A recent offset may reach before the block only if it was never used: the first three are constants.
            if (count > segmentEnd - o || bit > extraBits)
            {
                return false;
            }

            byte* literalsEnd = o + count;
            if (!Literals(ref reader, models, history, ref o, literalsEnd, text, offsets.First))
            {
                return false;
            }

            int alignment = NibbleCoding.Alignment(text, o, history);
            int kind = reader.Read(NibbleCoding.Kinds(models, (lastKind >> 2) * 2 + (count == 0 ? 1 : 0), alignment));
            lastKind = kind;
            int which = kind >> 2;
            bool isNew = which == RecentOffsets.Count;
            int code = kind & 3;
            if (code == 3)
            {
                code += reader.Read(NibbleCoding.Lengths(models, which * 2 + (count == 0 ? 1 : 0), alignment));
                if (code == 3 + NibbleCoding.Escape)
                {
                    int exponent = reader.Read(NibbleCoding.LengthBits(models, isNew));
                    code += (int)((1u << exponent | Get(extra, ref bit, exponent)) - 1);
                }
            }

            int length = code + (isNew ? NibbleCoding.MinNew : NibbleCoding.MinRepeat);
            int offset;
            if (isNew)
            {
                int high = reader.Read(NibbleCoding.OffsetHighs(models, Math.Min(code, 7)));
                int middle = reader.Read(NibbleCoding.OffsetMiddles(models, high));
                int exponent = high << 1 | middle >> 3;
                int rest = exponent - 3;
                if (rest < 0 || exponent > MaxOffsetExponent)
                {
                    return false;
                }

                uint biased = 8u | (uint)middle & 7;
                if (rest >= 4)
                {
                    biased = biased << rest - 4 | Get(extra, ref bit, rest - 4);
                    biased = biased << 4 | (uint)reader.Read(NibbleCoding.OffsetLows(models));
                }
                else
                {
                    biased = biased << rest | Get(extra, ref bit, rest);
                }

                offset = (int)biased - NibbleCoding.OffsetBias;
                offsets.Third = offsets.Second;
                offsets.Second = offsets.First;
                offsets.First = offset;
            }
            else
            {
                offset = which == 0 ? offsets.First : which == 1 ? offsets.Second : offsets.Third;
                if (which == 2)
                {
                    offsets.Third = offsets.Second;
                }

                if (which != 0)
                {
                    offsets.Second = offsets.First;
                }

                offsets.First = offset;
            }

            if (length > segmentEnd - o || (nuint)(uint)(offset - 1) >= (nuint)(o - history) || bit > extraBits)
            {
                return false;
            }

            MatchCopy.Copy(o, offset, length, blockEnd);
            o += length;
        }

        if (!Literals(ref reader, models, history, ref o, segmentEnd, text, offsets.First))
        {
            return false;
        }

        _lastKind = lastKind;
        recent = offsets;
        return reader.EndedWell && extraBits - bit is >= 0 and < 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Literals(ref NibbleReader reader, ushort* models, byte* history, ref byte* o, byte* end, bool text, int lastOffset)
    {
        bool first = true;
        byte* p = o;
        for (; p < end; p++)
        {
            int previous = p > history ? p[-1] : 0;
            int second = NibbleCoding.SecondContext(text, p, history, lastOffset, first);
            first = false;
            int high = reader.Read(NibbleCoding.High(models, previous), NibbleCoding.SecondaryHigh(models, second));
            int low = reader.Read(
                NibbleCoding.Low(models, previous, high), NibbleCoding.SecondaryLow(models, second, high));
            *p = (byte)(high << 4 | low);
        }

        o = p;
        return true;
    }

    /// <summary>The next raw bits; the buffer has zeros or leftovers beyond its end, and the caller checks the position afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Get(byte* extra, ref long bit, int count)
    {
        uint value = (uint)(Bytes.Load64(extra + Math.Min(bit >> 3, NibbleCoding.MaxSegment * 4 + 56)) >> (int)(bit & 7)) & (1u << count) - 1;
        bit += count;
        return value;
    }
}
