using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    // A faster rate suits the few-symbol models of the structure, which change with the data; literals are many and steadier.
    public const int LiteralRate = 5;
    public const int StructureRate = 5;

    public const int ContextBits = 10;

    private const int LiteralHigh = 0;
    private const int LiteralLow = LiteralHigh + 256;
    private const int SecondHigh = LiteralLow + 256 * 16;
    private const int SecondLow = SecondHigh + (1 << ContextBits);
    private const int LiteralCount = SecondLow + (16 << ContextBits);
    private const int CountExponent = LiteralCount + 16;
    private const int Kind = CountExponent + 1;
    private const int LengthModels = Kind + 16;
    private const int LengthExponent = LengthModels + 8;
    private const int OffsetHigh = LengthExponent + 2;
    private const int OffsetMiddle = OffsetHigh + 8;
    private const int OffsetLow = OffsetMiddle + 16 * 2;
    private const int ModelCount = OffsetLow + 1;

    private readonly ushort[] _models = GC.AllocateUninitializedArray<ushort>(ModelCount * NibbleModel.Symbols + NibbleModel.Symbols, pinned: true);

    public NibbleCoding() => Models = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_models));

    public ushort* Models { get; }

    /// <summary>The same models for every block, whatever came before.</summary>
    public void Reset() => NibbleModel.Reset(_models);

    public static ushort* High(ushort* models, int previous) => models + (LiteralHigh + previous) * NibbleModel.Symbols;

    public static ushort* Low(ushort* models, int previous, int high) => models + (LiteralLow + previous * 16 + high) * NibbleModel.Symbols;

    public static ushort* SecondaryHigh(ushort* models, int context) => models + (SecondHigh + context) * NibbleModel.Symbols;

    public static ushort* SecondaryLow(ushort* models, int context, int high) => models + (SecondLow + context * 16 + high) * NibbleModel.Symbols;

    public static ushort* Count(ushort* models, int context) => models + (LiteralCount + context) * NibbleModel.Symbols;

    public static ushort* CountBits(ushort* models) => models + CountExponent * NibbleModel.Symbols;

    public static ushort* Kinds(ushort* models, int context) => models + (Kind + context) * NibbleModel.Symbols;

    public static ushort* Lengths(ushort* models, int which) => models + (LengthModels + which) * NibbleModel.Symbols;

    public static ushort* LengthBits(ushort* models, bool isNew) => models + (LengthExponent + (isNew ? 1 : 0)) * NibbleModel.Symbols;

    public static ushort* OffsetHighs(ushort* models, int context) => models + (OffsetHigh + context) * NibbleModel.Symbols;

    public static ushort* OffsetMiddles(ushort* models, int high) => models + (OffsetMiddle + high) * NibbleModel.Symbols;

    public static ushort* OffsetLows(ushort* models) => models + OffsetLow * NibbleModel.Symbols;

    /// <summary>
    /// The second context of a literal: in text the two bytes before it, hashed; elsewhere the byte at the last offset, which differs from
    /// it (or the match would have gone on) but says where in a record we are, and whether this literal follows a match at once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SecondContext(bool text, byte* p, byte* history, int lastOffset, bool first)
    {
        if (text)
        {
            return p - history >= 2 ? (int)((uint)(p[-1] | p[-2] << 8) * 0x9E37_79B1u >> 32 - ContextBits) : 0;
        }

        return (p - history >= lastOffset ? p[-lastOffset] : 0) | (first ? 256 : 0);
    }
}
