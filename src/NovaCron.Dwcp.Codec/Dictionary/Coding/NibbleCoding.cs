using System.Runtime.CompilerServices;
using NovaCron.Dwcp.Codec.Entropy.Nibbles;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// The nibble coding of a segment: every decision is one or two adaptive symbols of four bits (as in LZNA), so that literals see the byte
/// before them and a second context, and lengths and offsets see what went before. The models live for a block. This type is their
/// arrangement, shared by encoder and decoder; docs/codec-format.md describes it in words.
/// </summary>
internal sealed unsafe class NibbleCoding
{
    /// <summary>A segment: literal runs and lengths must fit sixteen bits.</summary>
    public const int MaxSegment = 1 << 16;

    public const int MinRepeat = 2;
    public const int MinNew = 3;
    public const int OffsetBias = 7;
    public const int Escape = 15;

    /// <summary>Places in a 32-bit word that structure is told apart by, where the data is not text.</summary>
    private const int Places = 4;

    /// <summary>Those places, and behind them one for text.</summary>
    public const int Alignments = Places + 1;

    /// <summary>Second contexts of a literal in text.</summary>
    private const int TextContextBits = 10;
    private const int TextContexts = 1 << TextContextBits;

    /// <summary>Second contexts of a literal in anything else, behind those of text: a block may be text in parts.</summary>
    private const int OtherContexts = 512;

    /// <summary>Sets the first literal of a run apart in its second context.</summary>
    public const int FirstLiteral = 256;

    private const int LiteralHigh = 0;
    private const int LiteralLow = LiteralHigh + 256;
    private const int SecondHigh = LiteralLow + 256 * 16;
    private const int SecondLow = SecondHigh + TextContexts + OtherContexts;
    private const int LiteralCount = SecondLow + (TextContexts + OtherContexts) * 16;
    private const int CountExponent = LiteralCount + 16 * Alignments;
    private const int Kind = CountExponent + 1;
    private const int LengthModels = Kind + 8 * Alignments;
    private const int LengthExponent = LengthModels + 8 * Alignments;
    private const int OffsetHigh = LengthExponent + 2;
    private const int OffsetMiddle = OffsetHigh + 8;
    private const int OffsetLow = OffsetMiddle + 16 * 2;
    private const int ModelCount = OffsetLow + 1;

    private readonly NibbleModelSet _set = new(ModelCount);

    public ushort* Models => _set.Models;

    /// <summary>See <see cref="NibbleModelSet.Ages"/>.</summary>
    public nuint Ages => _set.Ages;

    /// <summary>The same models for every block, whatever came before.</summary>
    public void Reset() => _set.Reset();

    /// <summary>The models that a dictionary primed, or new ones for null.</summary>
    public void Reset(byte[]? primed)
    {
        if (primed is null)
        {
            _set.Reset();
        }
        else
        {
            _set.Restore(primed);
        }
    }

    /// <summary>What <see cref="Reset(byte[])"/> takes.</summary>
    public byte[] Save() => _set.Save();

    public static ushort* High(ushort* models, int previous) => models + (LiteralHigh + previous) * NibbleModel.Symbols;

    public static ushort* Low(ushort* models, int previous, int high) => models + (LiteralLow + previous * 16 + high) * NibbleModel.Symbols;

    public static ushort* SecondaryHigh(ushort* models, int context) => models + (SecondHigh + context) * NibbleModel.Symbols;

    public static ushort* SecondaryLow(ushort* models, int context, int high) => models + (SecondLow + context * 16 + high) * NibbleModel.Symbols;

    public static ushort* Count(ushort* models, int context, int alignment) => models + (LiteralCount + alignment * 16 + context) * NibbleModel.Symbols;

    public static ushort* CountBits(ushort* models) => models + CountExponent * NibbleModel.Symbols;

    public static ushort* Kinds(ushort* models, int context, int alignment) => models + (Kind + alignment * 8 + context) * NibbleModel.Symbols;

    public static ushort* Lengths(ushort* models, int which, int alignment) => models + (LengthModels + alignment * 8 + which) * NibbleModel.Symbols;

    public static ushort* LengthBits(ushort* models, bool isNew) => models + (LengthExponent + (isNew ? 1 : 0)) * NibbleModel.Symbols;

    public static ushort* OffsetHighs(ushort* models, int context) => models + (OffsetHigh + context) * NibbleModel.Symbols;

    public static ushort* OffsetMiddles(ushort* models, int high) => models + (OffsetMiddle + high) * NibbleModel.Symbols;

    public static ushort* OffsetLows(ushort* models) => models + OffsetLow * NibbleModel.Symbols;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Alignment(bool text, byte* p, byte* history) => text ? Places : (int)(p - history) & Places - 1;

    /// <summary>
    /// The second context of a literal: in text the two bytes before it, hashed; elsewhere the byte at the last offset, which differs from
    /// it (or the match would have gone on) but says where in a record we are, and whether this literal follows a match at once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SecondContext(bool text, byte* p, byte* history, int lastOffset, int first)
    {
        if (text)
        {
            return p - history >= 2 ? (int)((uint)(p[-1] | p[-2] << 8) * 0x9E37_79B1u >> 32 - TextContextBits) : 0;
        }

        return TextContexts + ((p - history >= lastOffset ? p[-lastOffset] : 0) | first);
    }
}
