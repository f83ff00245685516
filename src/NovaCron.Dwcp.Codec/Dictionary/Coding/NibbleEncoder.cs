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

    // A literal takes two symbols, a sequence of at least two bytes at most seven.
    private readonly NibbleWriter _literals;
    private readonly NibbleWriter _commands;
    private readonly byte[] _extra = GC.AllocateUninitializedArray<byte>(NibbleCoding.MaxSegment * 4 + 64, pinned: true);
    private readonly byte[] _output = GC.AllocateUninitializedArray<byte>(NibbleCoding.MaxSegment * 4 + 128);
    private int _lastKind;

    // The segment under way.
    private byte* _history;
    private byte* _position;
    private byte* _extraNext;
    private ulong _bits;
    private int _held;
    private int _appended;
    private bool _text;
    private RecentOffsets _offsets;

    /// <summary>The room that <see cref="Finish"/> may take.</summary>
    public const int MaxEncoded = NibbleCoding.MaxSegment * 8 + 128;

    public NibbleEncoder()
    {
        _literals = new NibbleWriter(NibbleCoding.MaxSegment * 2, _coding.Ages);
        _commands = new NibbleWriter(NibbleCoding.MaxSegment * 4, _coding.Ages);
    }

    /// <summary>The models as they stand, for pricing.</summary>
    public ushort* Models => _coding.Models;

    /// <summary>The kind of the last sequence, a context of the next.</summary>
    public int LastKind => _lastKind;

    /// <summary>Begins a block.</summary>
    /// <param name="primed">The models of a dictionary; null for new ones.</param>
    public void Begin(byte[]? primed = null)
    {
        _coding.Reset(primed);
        _lastKind = 0;
    }

    /// <summary>Starts a segment. Once anything was appended, the segment must be finished and used: the models have learned from it.</summary>
    /// <param name="history">The block.</param>
    /// <param name="segment">Where the segment starts in it.</param>
    /// <param name="text">Which second context literals have.</param>
    /// <param name="recent">The recent offsets before it.</param>
    public void Start(byte* history, byte* segment, bool text, RecentOffsets recent)
    {
        _literals.Clear();
        _commands.Clear();
        _history = history;
        _position = segment;
        _text = text;
        _offsets = recent;
        _appended = 0;
        _extraNext = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra));
        _bits = 0;
        _held = 0;
    }

    /// <summary>Encodes the sequences that were added to <paramref name="sequences"/> since the last call.</summary>
    public void Append(SequenceBuffer sequences)
    {
        NibbleWriter writer = _commands;
        ushort* models = _coding.Models;
        byte* history = _history;
        byte* extra = _extraNext;
        ulong bits = _bits;
        int held = _held;
        byte* p = _position;
        bool text = _text;
        RecentOffsets offsets = _offsets;
        int lastKind = _lastKind;
        Sequence* item = sequences.Items + _appended;
        for (Sequence* last = sequences.Items + sequences.Count; item < last; item++)
        {
            int count = item->Literals;
            int alignment = NibbleCoding.Alignment(text, p, history);
            writer.Write(NibbleCoding.Count(models, lastKind, alignment), Math.Min(count, NibbleCoding.Escape));
            if (count >= NibbleCoding.Escape)
            {
                uint over = (uint)(count - NibbleCoding.Escape + 1);
                int exponent = BitOperations.Log2(over);
                writer.Write(NibbleCoding.CountBits(models), exponent);
                Put(ref extra, ref bits, ref held, over - (1u << exponent), exponent);
            }

            Literals(_literals, models, history, p, count, text, offsets.First);
            p += count;
            alignment = NibbleCoding.Alignment(text, p, history);
            int which = offsets.IndexOf(item->Offset);
            bool isNew = which == RecentOffsets.Count;
            int code = item->Length - (isNew ? NibbleCoding.MinNew : NibbleCoding.MinRepeat);
            int kind = which << 2 | Math.Min(code, 3);
            writer.Write(NibbleCoding.Kinds(models, (lastKind >> 2) * 2 + (count == 0 ? 1 : 0), alignment), kind);
            lastKind = kind;
            if (code >= 3)
            {
                writer.Write(NibbleCoding.Lengths(models, which * 2 + (count == 0 ? 1 : 0), alignment), Math.Min(code - 3, NibbleCoding.Escape));
                if (code - 3 >= NibbleCoding.Escape)
                {
                    uint over = (uint)(code - 3 - NibbleCoding.Escape + 1);
                    int exponent = BitOperations.Log2(over);
                    writer.Write(NibbleCoding.LengthBits(models, isNew), exponent);
                    Put(ref extra, ref bits, ref held, over - (1u << exponent), exponent);
                }
            }

            if (isNew)
            {
                uint biased = (uint)(item->Offset + NibbleCoding.OffsetBias);
                int exponent = BitOperations.Log2(biased);
                int high = exponent >> 1;
                writer.Write(NibbleCoding.OffsetHighs(models, Math.Min(code, 7)), high);
                int rest = exponent - 3;
                writer.Write(
                    NibbleCoding.OffsetMiddles(models, high), (exponent & 1) << 3 | (int)(biased >> rest & 7));
                if (rest >= 4)
                {
                    Put(ref extra, ref bits, ref held, biased >> 4 & (1u << rest - 4) - 1, rest - 4);
                    writer.Write(NibbleCoding.OffsetLows(models), (int)(biased & 15));
                }
                else
                {
                    Put(ref extra, ref bits, ref held, biased & (1u << rest) - 1, rest);
                }
            }

            offsets.Use(item->Offset);
            p += item->Length;
        }

        _appended = sequences.Count;
        _position = p;
        _extraNext = extra;
        _bits = bits;
        _held = held;
        _offsets = offsets;
        _lastKind = lastKind;
    }

    /// <summary>Encodes what is left and writes the segment out.</summary>
    /// <param name="end">Where the segment ends in the block.</param>
    /// <param name="sequences">All its sequences.</param>
    /// <param name="recent">The recent offsets after it.</param>
    /// <param name="destination">At least <see cref="MaxEncoded"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public int Finish(byte* end, SequenceBuffer sequences, out RecentOffsets recent, Span<byte> destination)
    {
        Append(sequences);
        Literals(_literals, _coding.Models, _history, _position, (int)(end - _position), _text, _offsets.First);
        recent = _offsets;
        byte* extra = _extraNext;
        if (_held > 0)
        {
            *extra++ = (byte)_bits;
        }

        int extraLength = (int)(extra - (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_extra)));
        Span<byte> literals = _literals.Finish(_output);
        Span<byte> commands = _commands.Finish(_output.AsSpan(0, _output.Length - literals.Length));
        int n = Bytes.WriteVarint(destination, (uint)sequences.Count);
        n += Bytes.WriteVarint(destination[n..], (uint)extraLength);
        n += Bytes.WriteVarint(destination[n..], (uint)commands.Length);
        n += Bytes.WriteVarint(destination[n..], (uint)literals.Length);
        _extra.AsSpan(0, extraLength).CopyTo(destination[n..]);
        n += extraLength;
        commands.CopyTo(destination[n..]);
        n += commands.Length;
        literals.CopyTo(destination[n..]);
        return n + literals.Length;
    }

    private static void Literals(NibbleWriter writer, ushort* models, byte* history, byte* p, int count, bool text, int lastOffset)
    {
        for (byte* end = p + count; p < end; p++)
        {
            int previous = p > history ? p[-1] : 0;
            int second = NibbleCoding.SecondContext(text, p, history, lastOffset, count == end - p ? NibbleCoding.FirstLiteral : 0);
            int high = *p >> 4;
            writer.Write(NibbleCoding.High(models, previous), NibbleCoding.SecondaryHigh(models, second), high);
            writer.Write(
                NibbleCoding.Low(models, previous, high), NibbleCoding.SecondaryLow(models, second, high), *p & 15);
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
