using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NovaCron.Dwcp.Codec.Entropy.Nibbles;

/// <summary>
/// Adaptive distributions over sixteen symbols. A model is sixteen 16-bit cumulative frequencies out of 2^15, the first always zero; coding
/// a symbol moves all of them towards a target by a fraction, one vector subtraction, shift and addition. Integer arithmetic, the same on
/// every machine: <see cref="Vector256"/> falls back to the same operations where the hardware has none. No frequency falls below 1:
/// targets leave 16 to every symbol, and two neighbours that are 16 apart or less never come closer.
/// </summary>
internal static unsafe class NibbleModel
{
    public const int Symbols = 16;
    public const int TotalBits = 15;
    public const int Total = 1 << TotalBits;
    private const int Floor = 16;

    /// <summary>Row s: where the cumulative frequencies go when s was seen.</summary>
    private static readonly ushort[] Targets = MakeTargets();
    private static readonly ushort* TargetRows = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(Targets));

    /// <summary>By how much a model moves that has moved 0, 1, 2 ... times: by 2^-shift of the way to the target.</summary>
    public static ReadOnlySpan<byte> Shifts => [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5];

    /// <summary>By age: that shift, and eight bits higher the next age.</summary>
    private static readonly ushort[] Ages = MakeAges();
    private static readonly ushort* AgeRow = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(Ages));

    private static ushort[] MakeAges()
    {
        ushort[] ages = GC.AllocateUninitializedArray<ushort>(Shifts.Length, pinned: true);
        for (int age = 0; age < ages.Length; age++)
        {
            ages[age] = (ushort)(Shifts[age] | Math.Min(age + 1, ages.Length - 1) << 8);
        }

        return ages;
    }

    private static ushort[] MakeTargets()
    {
        ushort[] targets = GC.AllocateUninitializedArray<ushort>(Symbols * Symbols, pinned: true);
        for (int seen = 0; seen < Symbols; seen++)
        {
            for (int i = 0; i < Symbols; i++)
            {
                targets[seen * Symbols + i] = (ushort)(i <= seen ? i * Floor : Total - (Symbols - i) * Floor);
            }
        }

        return targets;
    }

    /// <summary>Makes every symbol of every model equally likely. The array has one entry more than its models: the end of the last.</summary>
    public static void Reset(Span<ushort> models)
    {
        Span<ushort> first = models[..Symbols];
        for (int i = 0; i < Symbols; i++)
        {
            first[i] = (ushort)(i * (Total / Symbols));
        }

        int filled = Symbols;
        while (filled < models.Length)
        {
            int count = Math.Min(filled, models.Length - filled);
            models[..count].CopyTo(models[filled..]);
            filled += count;
        }
    }

    /// <summary>
    /// Moves a model towards <paramref name="symbol"/>. A new one moves fast and slows down as it has seen more, about as an average does, so
    /// that contexts which are met a few times only have learned something, too.
    /// </summary>
    /// <param name="model">Sixteen cumulative frequencies.</param>
    /// <param name="symbol">What was seen.</param>
    /// <param name="age">How often this model has moved, up to the length of <see cref="Shifts"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update(ushort* model, int symbol, byte* age)
    {
        uint step = AgeRow[(nuint)(*age)];
        *age = (byte)(step >> 8);
        Vector256<short> values = Vector256.Load((short*)model);
        Vector256<short> target = Vector256.Load((short*)(TargetRows + (nuint)(uint)symbol * Symbols));
        (values + Vector256.ShiftRightArithmetic(target - values, (int)step & 15)).Store((short*)model);
    }

    /// <summary>The symbol whose range holds <paramref name="slot"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Find(ushort* model, uint slot) => Find(Vector256.Load(model), slot);

    /// <summary>The mean of two models.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Mean(ushort* first, ushort* second) => Vector256.ShiftRightLogical(Vector256.Load(first) + Vector256.Load(second), 1);

    /// <summary>The symbol of a model in a vector whose range holds <paramref name="slot"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Find(Vector256<ushort> model, uint slot)
    {
        Vector256<short> above = Vector256.GreaterThan(model.AsInt16(), Vector256.Create((short)slot));
        return (int)((uint)BitOperations.TrailingZeroCount(above.AsByte().ExtractMostSignificantBits()) >> 1) - 1;
    }
}
