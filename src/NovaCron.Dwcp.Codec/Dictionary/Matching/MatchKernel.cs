using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Matching;

/// <summary>Comparing and hashing at a position, by pointer. Callers keep every position at least 8 bytes below the end of the block.</summary>
internal static unsafe class MatchKernel
{
    /// <summary>The bytes that hashing or comparing at a position may read.</summary>
    public const int Lookahead = 8;

    public const ulong Prime = 0x9E37_79B1_85EB_CA87; // the first prime of XXH64

    /// <summary>Hash of the first <paramref name="bytes"/> (4 to 8) bytes at <paramref name="p"/> in <paramref name="bits"/> bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(byte* p, int bytes, int bits) => (uint)(Bytes.Load64(p) * Multiplier(bytes) >> (64 - bits));

    /// <summary>What a word is multiplied with for a hash of its lowest <paramref name="bytes"/> (1 to 8) bytes: the others are shifted out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Multiplier(int bytes) => Prime << (64 - 8 * bytes);

    /// <summary>Asks for the line of memory at <paramref name="p"/>, which need not be readable.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* p)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(p);
        }
    }

    /// <summary>How many bytes at <paramref name="a"/> equal those at <paramref name="b"/> (which lies before it), up to <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Length(byte* a, byte* b, byte* end)
    {
        // Most matches end within the first sixteen bytes.
        if (end - a >= 16)
        {
            ulong difference = Bytes.Load64(a) ^ Bytes.Load64(b);
            if (difference != 0)
            {
                return BitOperations.TrailingZeroCount(difference) >> 3;
            }

            difference = Bytes.Load64(a + 8) ^ Bytes.Load64(b + 8);
            return difference != 0 ? 8 + (BitOperations.TrailingZeroCount(difference) >> 3) : 16 + Rest(a + 16, b + 16, end);
        }

        return Rest(a, b, end);
    }

    private static int Rest(byte* a, byte* b, byte* end)
    {
        byte* start = a;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; end - a >= 32; a += 32, b += 32)
            {
                uint equal = Vector256.Equals(Vector256.Load(a), Vector256.Load(b)).ExtractMostSignificantBits();
                if (equal != uint.MaxValue)
                {
                    return (int)(a - start) + BitOperations.TrailingZeroCount(~equal);
                }
            }
        }

        for (; end - a >= 8; a += 8, b += 8)
        {
            ulong difference = Bytes.Load64(a) ^ Bytes.Load64(b);
            if (difference != 0)
            {
                return (int)(a - start) + (BitOperations.TrailingZeroCount(difference) >> 3);
            }
        }

        while (a < end && *a == *b)
        {
            a++;
            b++;
        }

        return (int)(a - start);
    }
}
