using System.Numerics;
using System.Runtime.CompilerServices;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Matching;

/// <summary>Comparing and hashing at a position, by pointer. Callers keep every position at least 8 bytes below the end of the block.</summary>
internal static unsafe class MatchKernel
{
    /// <summary>The bytes that hashing or comparing at a position may read.</summary>
    public const int Lookahead = 8;

    private const ulong Prime = 0x9E37_79B1_85EB_CA87; // the first prime of XXH64

    /// <summary>Hash of the first <paramref name="bytes"/> (4 to 8) bytes at <paramref name="p"/> in <paramref name="bits"/> bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(byte* p, int bytes, int bits) => (uint)((Bytes.Load64(p) << (64 - 8 * bytes)) * Prime >> (64 - bits));

    /// <summary>How many bytes at <paramref name="a"/> equal those at <paramref name="b"/> (which lies before it), up to <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Length(byte* a, byte* b, byte* end)
    {
        byte* start = a;
        while (a + 8 <= end)
        {
            ulong difference = Bytes.Load64(a) ^ Bytes.Load64(b);
            if (difference != 0)
            {
                return (int)(a - start) + (BitOperations.TrailingZeroCount(difference) >> 3);
            }

            a += 8;
            b += 8;
        }

        while (a < end && *a == *b)
        {
            a++;
            b++;
        }

        return (int)(a - start);
    }
}
