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

    // Room for the mean of two models and its end. Not on the stack: a method with room there is compiled once, before it is known where models lie.
    private readonly ushort[] _mean = GC.AllocateUninitializedArray<ushort>(NibbleModel.Symbols + 1, pinned: true);
    private int _lastKind;

    // The loops are compiled once for each second context.
    private readonly struct InText;

    private readonly struct InOther;

    public NibbleDecoder() => _mean[NibbleModel.Symbols] = NibbleModel.Total;

    /// <summary>Begins a block.</summary>
    /// <param name="primed">The models of a dictionary; null for new ones.</param>
    public void Begin(byte[]? primed = null)
    {
        _coding.Reset(primed);
        _lastKind = 0;
    }

    /// <summary>The models as what was decoded left them.</summary>
    public byte[] SaveModels() => _coding.Save();

    /// <summary>Decodes one segment of <paramref name="length"/> bytes to <paramref name="position"/> of <paramref name="block"/>.</summary>
    /// <exception cref="DwcpFormatException">The segment is malformed.</exception>
    public void Decode(ref ReadOnlySpan<byte> source, Span<byte> block, int position, int length, bool text, ref RecentOffsets recent)
    {
        uint sequences = Bytes.ReadVarint(ref source);
        uint extraLength = Bytes.ReadVarint(ref source);
        uint commandsLength = Bytes.ReadVarint(ref source);
        uint literalsLength = Bytes.ReadVarint(ref source);
        if (length > NibbleCoding.MaxSegment || extraLength > NibbleCoding.MaxSegment * 4 || commandsLength < NibbleReader.Least || literalsLength < NibbleReader.Least)
        {
            throw new DwcpFormatException("A segment's parts have lengths that no segment has.");
        }

        Bytes.Take(ref source, extraLength).CopyTo(_extra);
        ReadOnlySpan<byte> commands = Bytes.Take(ref source, commandsLength);
        ReadOnlySpan<byte> literals = Bytes.Take(ref source, literalsLength);
        fixed (byte* b = block)
        fixed (byte* c = commands)
        fixed (byte* l = literals)
        {
            var commandReader = new NibbleReader(c, c + commands.Length, _coding.Ages);
            var literalReader = new NibbleReader(l, l + literals.Length, _coding.Ages);
            byte* start = b + position;
            if (!(text ? Run<InText>(b, start, start + length, b + block.Length, commandReader, literalReader, sequences, (long)extraLength * 8, ref recent)
                : Run<InOther>(b, start, start + length, b + block.Length, commandReader, literalReader, sequences, (long)extraLength * 8, ref recent)))
            {
                throw new DwcpFormatException("The sequences of a segment do not fit it, its history or its bits.");
            }
        }
    }

    /// <summary>
    /// What a sequence is, is decoded before its literals: neither depends on the other, so that a processor which executes out of order decodes
    /// the next sequence's symbols among this one's literals.
    /// </summary>
    private bool Run<TText>(
        byte* history, byte* o, byte* segmentEnd, byte* blockEnd, NibbleReader commands, NibbleReader literals, uint sequences, long extraBits, ref RecentOffsets recent)
        where TText : struct
    {
        bool text = typeof(TText) == typeof(InText);
        ushort* mean = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_mean));
        ushort* models = _coding.Models;
        byte* extra = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra));
        long bit = 0;
        RecentOffsets offsets = recent;
        int lastKind = _lastKind;
        for (; sequences > 0; sequences--)
        {
            int count = commands.Read(NibbleCoding.Count(models, lastKind, NibbleCoding.Alignment(text, o, history)));
            if (count == NibbleCoding.Escape)
            {
                int exponent = commands.Read(NibbleCoding.CountBits(models));
                count += (int)((1u << exponent | Get(extra, ref bit, exponent)) - 1);
            }

            byte* literalsEnd = o + count;
            int alignment = NibbleCoding.Alignment(text, literalsEnd, history);
            int kind = commands.Read(NibbleCoding.Kinds(models, (lastKind >> 2) * 2 + (count == 0 ? 1 : 0), alignment));
            lastKind = kind;
            int which = kind >> 2;
            bool isNew = which == RecentOffsets.Count;
            int code = kind & 3;
            if (code == 3)
            {
                code += commands.Read(NibbleCoding.Lengths(models, which * 2 + (count == 0 ? 1 : 0), alignment));
                if (code == 3 + NibbleCoding.Escape)
                {
                    int exponent = commands.Read(NibbleCoding.LengthBits(models, isNew));
                    code += (int)((1u << exponent | Get(extra, ref bit, exponent)) - 1);
                }
            }

            int length = code + (isNew ? NibbleCoding.MinNew : NibbleCoding.MinRepeat);
            int lastOffset = offsets.First;
            int offset;
            if (isNew)
            {
                int high = commands.Read(NibbleCoding.OffsetHighs(models, Math.Min(code, 7)));
                int middle = commands.Read(NibbleCoding.OffsetMiddles(models, high));
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
                    biased = biased << 4 | (uint)commands.Read(NibbleCoding.OffsetLows(models));
                }
                else
                {
                    biased = biased << rest | Get(extra, ref bit, rest);
                }

                offset = (int)biased - NibbleCoding.OffsetBias;
                offsets.Third = offsets.Second;
                offsets.Second = lastOffset;
                offsets.First = offset;
            }
            else
            {
                offset = which == 0 ? lastOffset : which == 1 ? offsets.Second : offsets.Third;
                if (which == 2)
                {
                    offsets.Third = offsets.Second;
                }

                if (which != 0)
                {
                    offsets.Second = lastOffset;
                }

                offsets.First = offset;
            }

            // Both are below 2^17, so their sum does not overflow. The offset is checked where the match begins, behind the literals.
            if (count + length > segmentEnd - o || (nuint)(uint)(offset - 1) >= (nuint)(literalsEnd - history) || bit > extraBits)
            {
                return false;
            }

            Literals<TText>(ref literals, models, mean, history, o, literalsEnd, lastOffset);
            o = literalsEnd;
            MatchCopy.Copy(o, offset, length, blockEnd);
            o += length;
        }

        Literals<TText>(ref literals, models, mean, history, o, segmentEnd, offsets.First);
        _lastKind = lastKind;
        recent = offsets;
        return commands.EndedWell && literals.EndedWell && extraBits - bit is >= 0 and < 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Literals<TText>(ref NibbleReader reader, ushort* models, ushort* mean, byte* history, byte* p, byte* end, int lastOffset)
        where TText : struct
    {
        int previous = p > history ? p[-1] : 0;
        int first = NibbleCoding.FirstLiteral;
        for (; p < end; p++)
        {
            int second = NibbleCoding.SecondContext(typeof(TText) == typeof(InText), p, history, lastOffset, first);
            first = 0;
            int high = reader.Read(NibbleCoding.High(models, previous), NibbleCoding.SecondaryHigh(models, second), mean);
            int low = reader.Read(NibbleCoding.Low(models, previous, high), NibbleCoding.SecondaryLow(models, second, high), mean);
            previous = high << 4 | low;
            *p = (byte)previous;
        }
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
