namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Whether data looks random, from a sample: compressed and encrypted data must pass at the speed of copying.</summary>
internal static class NoiseDetector
{
    private const int Pieces = 32;
    private const int PieceLength = 128;
    private const int Sample = Pieces * PieceLength;

    /// <summary>
    /// Of n uniform bytes the sum of squared counts is n^2 / 256 + n with a deviation of n sqrt(510) / 256, for 4096 bytes 69632 and 361. Data must
    /// lie within five deviations; data that is so much less even would save a quarter of a percent by an order-0 code.
    /// </summary>
    private const int Limit = (Sample * (Sample / 256)) + Sample + (5 * Sample * 23 / 256);

    /// <summary>Whether pieces of a segment from begin to end are as evenly spread as random bytes. A wrong answer costs ratio, never correctness.</summary>
    public static bool LooksRandom(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < Sample)
        {
            return false;
        }

        Span<ushort> counts = stackalloc ushort[256];
        counts.Clear();
        int step = (segment.Length - PieceLength) / (Pieces - 1);
        for (int i = 0; i < Pieces; i++)
        {
            foreach (byte b in segment.Slice(i * step, PieceLength))
            {
                counts[b]++;
            }
        }

        int squares = 0;
        foreach (ushort count in counts)
        {
            squares += count * count;
        }

        return squares <= Limit;
    }
}
