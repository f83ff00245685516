using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Two quick looks at data that choose how it is coded. A wrong answer costs ratio, never correctness.</summary>
internal static unsafe class TextDetector
{
    /// <summary>Whether at least seven of eight sampled bytes are printable ASCII, white space or parts of UTF-8 letters.</summary>
    public static bool IsText(ReadOnlySpan<byte> block)
    {
        const int Samples = 4096;
        int step = Math.Max(1, block.Length / Samples);
        int text = 0;
        int seen = 0;
        for (int i = 0; i < block.Length; i += step, seen++)
        {
            byte b = block[i];
            text += b is >= 0x20 and < 0x7F or 0x0A or 0x0D or 0x09 ? 1 : 0;
        }

        return text * 8 >= seen * 7;
    }

    /// <summary>Whether a segment's bytes are almost evenly spread: only matches, if anything, can make it smaller.</summary>
    public static bool LooksRandom(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < 4096)
        {
            return false;
        }

        // The sum of squared counts of uniform bytes is n^2/256; one part in 32 above that is worth less than half a percent.
        Span<uint> counts = stackalloc uint[256];
        Histogram.Count(segment, counts);
        ulong squares = 0;
        foreach (uint count in counts)
        {
            squares += (ulong)count * count;
        }

        ulong uniform = (ulong)segment.Length * (ulong)segment.Length / 256 + (ulong)segment.Length;
        return squares < uniform + uniform / 32;
    }

    /// <summary>Whether matches cover less than a 64th of a segment.</summary>
    public static bool HasFewMatches(int length, SequenceBuffer sequences)
    {
        int matched = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            matched += sequences.Items[i].Length;
        }

        return matched <= length >> 6;
    }
}
