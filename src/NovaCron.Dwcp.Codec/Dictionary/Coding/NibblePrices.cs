using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy.Nibbles;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// What a sequence or a literal costs under the nibble models as they stand, in 1/256 bit. Read off the models once a segment: they move
/// while it is coded, but slowly. Integers only, so that parses are the same everywhere.
/// </summary>
internal sealed unsafe class NibblePrices
{
    /// <summary>One bit.</summary>
    public const int Bit = 256;

    /// <summary>Length codes with a price of their own in the table; longer ones are computed.</summary>
    public const int TabledLengths = 256;

    private const int FrequencyShift = 3;
    private static readonly ushort[] CostTable = MakeCosts();
    private static readonly ushort* Costs = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(CostTable));

    private readonly int[] _all = GC.AllocateUninitializedArray<int>(((16 + 8) * NibbleCoding.Alignments + 8 + 16 + 4) * 16 + NibbleCoding.Alignments * 8 * TabledLengths, pinned: true);
    private readonly int* _counts;
    private readonly int* _countBits;
    private readonly int* _kinds;
    private readonly int* _lengths;
    private readonly int* _lengthBits;
    private readonly int* _offsetHighs;
    private readonly int* _offsetMiddles;
    private readonly int* _offsetLows;
    private ushort* _models;

    public NibblePrices()
    {
        int* p = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_all));
        _counts = p;
        _countBits = _counts + 16 * 16 * NibbleCoding.Alignments;
        _kinds = _countBits + 16;
        _lengthBits = _kinds + 8 * 16 * NibbleCoding.Alignments;
        _offsetHighs = _lengthBits + 2 * 16;
        _offsetMiddles = _offsetHighs + 8 * 16;
        _offsetLows = _offsetMiddles + 16 * 16;
        _lengths = _offsetLows + 16;
    }

    /// <summary>Binary logarithm of 2^15 / f, in 1/256 bit, for the middle of each step of eight frequencies.</summary>
    private static ushort[] MakeCosts()
    {
        ushort[] costs = GC.AllocateUninitializedArray<ushort>((NibbleModel.Total >> FrequencyShift) + 1, pinned: true);
        for (int i = 0; i < costs.Length; i++)
        {
            ulong value = Math.Min((uint)(i << FrequencyShift) + 4, NibbleModel.Total);
            int whole = BitOperations.Log2(value);
            value <<= 31 - whole;
            int fraction = 0;
            for (int bit = 0; bit < 8; bit++)
            {
                // Squaring doubles the logarithm: whether it passes two is its next binary digit.
                value = value * value >> 31;
                fraction <<= 1;
                if (value >= 1ul << 32)
                {
                    fraction |= 1;
                    value >>= 1;
                }
            }

            costs[i] = (ushort)Math.Max(1, (NibbleModel.TotalBits << 8) - (whole << 8 | fraction));
        }

        return costs;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Cost(uint frequency) => Costs[frequency >> FrequencyShift];

    private static void Read(ushort* model, int* prices)
    {
        for (int symbol = 0; symbol < NibbleModel.Symbols; symbol++)
        {
            prices[symbol] = Cost((uint)(model[symbol + 1] - model[symbol]) & NibbleModel.Total - 1);
        }
    }

    /// <summary>Takes the prices of everything but literals from the models.</summary>
    /// <param name="models">The models as they stand.</param>
    /// <param name="text">Whether alignment does not matter.</param>
    /// <param name="codes">The length codes that will be asked for, at most <see cref="TabledLengths"/>.</param>
    public void Update(ushort* models, bool text, int codes = TabledLengths)
    {
        _models = models;
        for (int i = 0; i < 16; i++)
        {
            Read(NibbleCoding.OffsetMiddles(models, i), _offsetMiddles + i * 16);
        }

        for (int i = 0; i < 8; i++)
        {
            Read(NibbleCoding.OffsetHighs(models, i), _offsetHighs + i * 16);
        }

        Read(NibbleCoding.CountBits(models), _countBits);
        Read(NibbleCoding.LengthBits(models, false), _lengthBits);
        Read(NibbleCoding.LengthBits(models, true), _lengthBits + 16);
        Read(NibbleCoding.OffsetLows(models), _offsetLows);
        int* symbols = stackalloc int[16];
        for (int alignment = text ? NibbleCoding.Alignments - 1 : 0; alignment < (text ? NibbleCoding.Alignments : NibbleCoding.Alignments - 1); alignment++)
        {
            for (int i = 0; i < 16; i++)
            {
                Read(NibbleCoding.Count(models, i, alignment), _counts + (alignment * 16 + i) * 16);
            }

            for (int i = 0; i < 8; i++)
            {
                Read(NibbleCoding.Kinds(models, i, alignment), _kinds + (alignment * 8 + i) * 16);
                int* table = _lengths + (alignment * 8 + i) * TabledLengths;
                int* bits = _lengthBits + (i >> 1 == RecentOffsets.Count ? 16 : 0);
                Read(NibbleCoding.Lengths(models, i, alignment), symbols);
                table[0] = table[1] = table[2] = 0;
                for (int code = 3; code < codes; code++)
                {
                    table[code] = code - 3 < NibbleCoding.Escape
                        ? symbols[code - 3]
                        : symbols[NibbleCoding.Escape] + Exponent(bits, (uint)(code - 3 - NibbleCoding.Escape + 1));
                }
            }
        }
    }

    private static int Exponent(int* prices, uint over)
    {
        int exponent = BitOperations.Log2(over);
        return prices[exponent] + exponent * Bit;
    }

    /// <summary>A literal count after a sequence of kind <paramref name="lastKind"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Count(int lastKind, int count, int alignment) =>
        count < NibbleCoding.Escape
            ? _counts[(alignment * 16 + lastKind) * 16 + count]
            : _counts[(alignment * 16 + lastKind) * 16 + NibbleCoding.Escape] + Exponent(_countBits, (uint)(count - NibbleCoding.Escape + 1));

    /// <summary>The prices of the sixteen kinds after <paramref name="lastKind"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Kinds(int lastKind, bool noLiterals, int alignment) => _kinds + (alignment * 8 + (lastKind >> 2) * 2 + (noLiterals ? 1 : 0)) * 16;

    /// <summary>The prices of the length codes below <see cref="TabledLengths"/>, without the kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Lengths(int which, bool noLiterals, int alignment) => _lengths + (alignment * 8 + which * 2 + (noLiterals ? 1 : 0)) * TabledLengths;

    /// <summary>A new offset without its first symbol, and that symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Offset(int offset, out int high)
    {
        uint biased = (uint)(offset + NibbleCoding.OffsetBias);
        int exponent = BitOperations.Log2(biased);
        high = exponent >> 1;
        int rest = exponent - 3;
        int price = _offsetMiddles[high * 16 + ((exponent & 1) << 3 | (int)(biased >> rest & 7))];
        return rest >= 4 ? price + (rest - 4) * Bit + _offsetLows[biased & 15] : price + rest * Bit;
    }

    /// <summary>The prices of an offset's first symbol under a length code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* OffsetHighs(int code) => _offsetHighs + Math.Min(code, 7) * 16;

    /// <summary>The byte <paramref name="value"/> after <paramref name="previous"/> in a second context.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Literal(int value, int previous, int second)
    {
        int high = value >> 4;
        return Mean(NibbleCoding.High(_models, previous), NibbleCoding.SecondaryHigh(_models, second), high)
            + Mean(NibbleCoding.Low(_models, previous, high), NibbleCoding.SecondaryLow(_models, second, high), value & 15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Mean(ushort* first, ushort* second, int symbol)
    {
        uint start = (uint)(first[symbol] + second[symbol]) >> 1;
        uint end = (uint)(first[symbol + 1] + second[symbol + 1]) >> 1;
        return Cost(end - start & NibbleModel.Total - 1);
    }
}
