using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Matching;

namespace NovaCron.Dwcp.Codec.Dictionary.Shared;

/// <summary>
/// Chooses a dictionary's content from samples: COVER (Liao, Petri, Moffat, Wirth, "Effective Construction of Relative Lempel-Ziv Dictionaries", WWW 2016)
/// with hashed counts, as zstd's fastCover. The samples are walked in as many epochs as segments fit the dictionary; of each epoch the
/// segment is taken whose strings of eight bytes occur in the most samples, and those count no more. Integers only, no randomness.
/// </summary>
internal static class DictionaryTrainer
{
    private const int Width = 8;
    private const int TableBits = 20;

    /// <summary>Lengths of segments that are tried; the one that compresses held-out samples best is taken.</summary>
    public static ReadOnlySpan<int> SegmentLengths => [48, 96, 192, 384, 1024, 2048];

    /// <summary>Chooses content.</summary>
    /// <param name="samples">What payloads look like.</param>
    /// <param name="capacity">Its length at most, bytes.</param>
    /// <param name="segmentLength">Bytes of a segment.</param>
    public static unsafe byte[] Choose(IReadOnlyList<ReadOnlyMemory<byte>> samples, int capacity, int segmentLength)
    {
        long total = samples.Sum(static s => (long)s.Length);
        if (total <= capacity)
        {
            return Join(samples, (int)total);
        }

        int[] counts = new int[1 << TableBits];
        int[] last = new int[1 << TableBits];
        for (int i = 0; i < samples.Count; i++)
        {
            ReadOnlySpan<byte> sample = samples[i].Span;
            fixed (byte* s = sample)
            {
                for (int at = 0; at + Width <= sample.Length; at++)
                {
                    uint hash = MatchKernel.Hash(s + at, Width, TableBits);
                    if (last[hash] != i + 1)
                    {
                        last[hash] = i + 1;
                        counts[hash]++;
                    }
                }
            }
        }

        // A string of one sample only helps nobody else.
        foreach (ref int count in counts.AsSpan())
        {
            count = count < 2 ? 0 : count;
        }

        int epochs = Math.Max(1, capacity / segmentLength);
        long epochLength = Math.Max(segmentLength, total / epochs);
        byte[] content = new byte[capacity];
        int tail = capacity;
        int barren = 0;
        int[] inside = new int[1 << TableBits];
        for (int epoch = 0; tail > 0 && barren < Math.Max(10, epochs / 2); epoch = (epoch + 1) % epochs)
        {
            ReadOnlySpan<byte> best = Best(samples, epoch * epochLength, (epoch + 1) * epochLength, segmentLength, counts, inside);
            if (best.IsEmpty)
            {
                barren++;
                continue;
            }

            // What is chosen first is worth most, and lies nearest to the payload: at the end.
            barren = 0;
            int length = Math.Min(best.Length, tail);
            best[..length].CopyTo(content.AsSpan(tail - length));
            tail -= length;
            fixed (byte* b = best)
            {
                for (int at = 0; at + Width <= best.Length; at++)
                {
                    counts[MatchKernel.Hash(b + at, Width, TableBits)] = 0;
                }
            }
        }

        return content[tail..];
    }

    private static byte[] Join(IReadOnlyList<ReadOnlyMemory<byte>> samples, int total)
    {
        byte[] content = new byte[total];
        int at = 0;
        foreach (ReadOnlyMemory<byte> sample in samples)
        {
            sample.Span.CopyTo(content.AsSpan(at));
            at += sample.Length;
        }

        return content;
    }

    /// <summary>The segment of samples between two places of their sequence whose strings count most, each once; empty where none counts.</summary>
    private static unsafe ReadOnlySpan<byte> Best(IReadOnlyList<ReadOnlyMemory<byte>> samples, long from, long to, int length, int[] counts, int[] inside)
    {
        ReadOnlySpan<byte> best = default;
        long bestScore = 0;
        long begin = 0;
        foreach (ReadOnlyMemory<byte> memory in samples)
        {
            long end = begin + memory.Length;
            if (begin >= to)
            {
                break;
            }

            if (end > from && memory.Length >= Width)
            {
                int first = (int)Math.Max(0, from - begin);
                ReadOnlySpan<byte> sample = memory.Span;
                int stop = (int)Math.Min(sample.Length, to - begin + length);
                fixed (byte* s = sample)
                {
                    long score = 0;
                    int at = first;
                    int start = first;
                    for (; at + Width <= stop; at++)
                    {
                        uint hash = MatchKernel.Hash(s + at, Width, TableBits);
                        score += inside[hash]++ == 0 ? counts[hash] : 0;
                        if (at + Width - start > length)
                        {
                            uint left = MatchKernel.Hash(s + start++, Width, TableBits);
                            score -= --inside[left] == 0 ? counts[left] : 0;
                        }

                        if (score > bestScore)
                        {
                            bestScore = score;
                            best = sample[start..(at + Width)];
                        }
                    }

                    for (; start < at; start++)
                    {
                        inside[MatchKernel.Hash(s + start, Width, TableBits)] = 0;
                    }
                }
            }

            begin = end;
        }

        return best;
    }

    /// <summary>Whether most of the samples are text.</summary>
    public static bool AreText(IReadOnlyList<ReadOnlyMemory<byte>> samples) => samples.Count(static s => TextDetector.IsText(s.Span)) * 2 > samples.Count;

    /// <summary>Every n-th sample, so that about <paramref name="most"/> bytes come together.</summary>
    public static List<ReadOnlyMemory<byte>> Spread(IReadOnlyList<ReadOnlyMemory<byte>> samples, int most)
    {
        long total = samples.Sum(static s => (long)Math.Min(s.Length, NibbleCoding.MaxSegment));
        var chosen = new List<ReadOnlyMemory<byte>>();
        long step = Math.Max(1, (total + most - 1) / most);
        for (long i = 0; i < samples.Count; i += step)
        {
            chosen.Add(samples[(int)i]);
        }

        while (chosen.Count > 1 && chosen.Sum(static s => (long)Math.Min(s.Length, NibbleCoding.MaxSegment)) > most)
        {
            chosen.RemoveAt(chosen.Count - 1);
        }

        return chosen;
    }
}
