using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Dictionary.Chunking;

/// <summary>
/// Content-defined chunking: FastCDC (Xia et al., USENIX ATC 2016) with a gear hash and normalised chunking of level 2.
/// Boundaries depend on content only, so an insertion moves the boundaries near it and no others. Deterministic; docs/format.md gives the table and the masks.
/// </summary>
public sealed class FastCdc
{
    /// <summary>Smallest chunk by default, bytes.</summary>
    public const int DefaultMinimum = 16 * 1024;

    /// <summary>Expected chunk by default, bytes.</summary>
    public const int DefaultAverage = 64 * 1024;

    /// <summary>Largest chunk by default, bytes.</summary>
    public const int DefaultMaximum = 256 * 1024;

    // Level 2 of the paper's normalisation: two bits more before the average, two fewer after it.
    private const int NormalisationLevel = 2;

    private static readonly ulong[] Gear = CreateGear();

    /// <summary>The gear hash's table.</summary>
    internal static ReadOnlySpan<ulong> GearTable => Gear;

    private readonly int _shiftBeforeAverage;
    private readonly int _shiftAfterAverage;

    /// <summary>The parameters that every DWCP v3 session uses.</summary>
    public static FastCdc Default { get; } = new(DefaultMinimum, DefaultAverage, DefaultMaximum);

    /// <param name="minimum">Smallest chunk, bytes, at least 64 (the gear hash's window).</param>
    /// <param name="average">Expected chunk, bytes, a power of two.</param>
    /// <param name="maximum">Largest chunk, bytes.</param>
    public FastCdc(int minimum, int average, int maximum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimum, 64);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(average, minimum);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, average);
        if (!BitOperations.IsPow2(average)) throw new ArgumentException("The average must be a power of two.", nameof(average));
        Minimum = minimum;
        Average = average;
        Maximum = maximum;
        var bits = BitOperations.Log2((uint)average);
        _shiftBeforeAverage = 64 - (bits + NormalisationLevel);
        _shiftAfterAverage = 64 - (bits - NormalisationLevel);
    }

    /// <summary>Smallest chunk, bytes; only the last of a stream may be smaller.</summary>
    public int Minimum { get; }

    /// <summary>Expected chunk, bytes.</summary>
    public int Average { get; }

    /// <summary>Largest chunk, bytes.</summary>
    public int Maximum { get; }

    /// <summary>
    /// The length of the first chunk of <paramref name="data"/>. Unless the data ends the stream, it must hold at least <see cref="Maximum"/> bytes:
    /// with fewer, the answer would depend on how the stream was cut into buffers.
    /// </summary>
    /// <returns>1..<see cref="Maximum"/>, or 0 for no data.</returns>
    public int Cut(ReadOnlySpan<byte> data)
    {
        var length = Math.Min(data.Length, Maximum);
        if (length <= Minimum) return length;
        ref var bytes = ref MemoryMarshal.GetReference(data);
        ref var gear = ref MemoryMarshal.GetArrayDataReference(Gear);
        var hash = 0UL;
        // The hash forgets a byte after 64 steps, so warming it over the last 64 skipped bytes is the same as having hashed all of them.
        var i = Minimum - 64;
        for (; i < Minimum; i++) hash = (hash << 1) + Unsafe.Add(ref gear, Unsafe.Add(ref bytes, i));

        var normal = Math.Min(length, Average);
        for (; i < normal; i++)
        {
            hash = (hash << 1) + Unsafe.Add(ref gear, Unsafe.Add(ref bytes, i));
            if (hash >> _shiftBeforeAverage == 0) return i + 1;
        }

        for (; i < length; i++)
        {
            hash = (hash << 1) + Unsafe.Add(ref gear, Unsafe.Add(ref bytes, i));
            if (hash >> _shiftAfterAverage == 0) return i + 1;
        }

        return length;
    }

    /// <summary>Cuts a whole stream held in memory; adds each chunk's length to <paramref name="lengths"/>.</summary>
    public void Split(ReadOnlySpan<byte> data, ICollection<int> lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        while (!data.IsEmpty)
        {
            var length = Cut(data);
            lengths.Add(length);
            data = data[length..];
        }
    }

    // SplitMix64 (Steele, Lea, Flood 2014) from a fixed seed: a table that anyone can write again from two lines of the specification.
    private static ulong[] CreateGear()
    {
        const ulong Seed = 0x4457_4350_0000_0003; // "DWCP", 3
        var table = new ulong[256];
        var state = Seed;
        for (var i = 0; i < table.Length; i++)
        {
            state += 0x9E37_79B9_7F4A_7C15;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            table[i] = z ^ (z >> 31);
        }

        return table;
    }
}
