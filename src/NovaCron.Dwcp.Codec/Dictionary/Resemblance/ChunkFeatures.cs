using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;

namespace NovaCron.Dwcp.Codec.Dictionary.Resemblance;

/// <summary>
/// Three super-features of a chunk: two chunks that share one are most likely versions of the same thing. Each is made of four features, each the
/// greatest of as many linear transforms of a rolling hash at places that the content picks, one in 128 (Zou et al., "Odess", ICDE 2021; super-features
/// after Broder, "Identifying and filtering near-duplicate documents", 2000). A change of a hundredth of a chunk leaves at least one of
/// three in place with a probability above 0.9999, of a half with 0.18. A hint, never a proof.
/// </summary>
/// <param name="First">The first.</param>
/// <param name="Second">The second.</param>
/// <param name="Third">The third.</param>
public readonly record struct ChunkFeatures(uint First, uint Second, uint Third)
{
    /// <summary>Bytes that they take when they travel or are stored: three u32.</summary>
    public const int Size = 12;

    /// <summary>Super-features of a chunk.</summary>
    public const int Count = 3;

    private const int PerSuper = 4;
    private const int SampleShift = 64 - 7;

    // Odd multipliers and addends of the transforms: SplitMix64 from a fixed seed, as the gear table is made.
    private static readonly ulong[] Multipliers = Draw(0x4457_4350_0000_0004, odd: true);
    private static readonly ulong[] Addends = Draw(0x4457_4350_0000_0005, odd: false);

    /// <summary>True for a chunk that has none: it is shorter than 256 bytes, or none of its places was picked.</summary>
    public bool IsNone => First == 0 && Second == 0 && Third == 0;

    /// <summary>The super-feature with this number, 0 to 2.</summary>
    public uint this[int index] => index switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "A chunk has three super-features."),
    };

    /// <summary>The super-features of a chunk. About as fast as cutting it.</summary>
    public static ChunkFeatures Of(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < 256)
        {
            return default;
        }

        Span<ulong> features = stackalloc ulong[Count * PerSuper];
        features.Clear();
        ref ulong gear = ref MemoryMarshal.GetReference(FastCdc.GearTable);
        ulong hash = 0;
        bool any = false;
        foreach (byte b in chunk)
        {
            hash = (hash << 1) + Unsafe.Add(ref gear, b);
            if (hash >> SampleShift != 0)
            {
                continue;
            }

            any = true;
            for (int i = 0; i < features.Length; i++)
            {
                ulong transformed = hash * Multipliers[i] + Addends[i];
                features[i] = Math.Max(features[i], transformed);
            }
        }

        return any ? new ChunkFeatures(Super(features[..PerSuper]), Super(features.Slice(PerSuper, PerSuper)), Super(features[(2 * PerSuper)..])) : default;
    }

    /// <summary>Reads them.</summary>
    /// <param name="source">At least <see cref="Size"/> bytes.</param>
    public static ChunkFeatures Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source), BinaryPrimitives.ReadUInt32LittleEndian(source[4..]), BinaryPrimitives.ReadUInt32LittleEndian(source[8..]));

    /// <summary>Writes them.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, First);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Second);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Third);
    }

    private static uint Super(ReadOnlySpan<ulong> features)
    {
        ulong hash = 0;
        foreach (ulong feature in features)
        {
            hash = (hash ^ feature) * 0x9E37_79B1_85EB_CA87; // the first prime of XXH64
            hash ^= hash >> 32;
        }

        return (uint)hash | 1; // 0 is none
    }

    private static ulong[] Draw(ulong seed, bool odd)
    {
        ulong[] drawn = new ulong[Count * PerSuper];
        ulong state = seed;
        for (int i = 0; i < drawn.Length; i++)
        {
            state += 0x9E37_79B9_7F4A_7C15;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            drawn[i] = (z ^ (z >> 31)) | (odd ? 1UL : 0);
        }

        return drawn;
    }
}
