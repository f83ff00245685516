using System.Runtime.InteropServices;
using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>
/// The bytes of one request, made from seed and number alone, so that nothing has to be kept to verify them later. A quarter random, the rest
/// pieces of log text: as compressible as telemetry is, and never the same twice.
/// </summary>
internal static class TrafficPayload
{
    private const int BlockBytes = 64;
    private const int RandomBytes = 16;
    private static readonly byte[] Text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 64).Select(line =>
        $"host-{line * 37 % 100:00} volume={line * 7919 % 4096:x3} op={(line % 3 == 0 ? "write" : "read")} latency_us={line * 131 % 977} state=ok\n")));

    /// <summary>Fills the whole span.</summary>
    public static void Fill(Span<byte> target, int seed, long request)
    {
        var state = Start(seed, request) ^ 0xD1B54A32D192ED03;
        while (target.Length >= BlockBytes)
        {
            var words = MemoryMarshal.Cast<byte, ulong>(target[..RandomBytes]);
            words[0] = Next(ref state);
            words[1] = Next(ref state);
            Text.AsSpan((int)(Next(ref state) % (ulong)(Text.Length - BlockBytes)), BlockBytes - RandomBytes).CopyTo(target[RandomBytes..]);
            target = target[BlockBytes..];
        }

        foreach (ref var last in target) last = (byte)Next(ref state);
    }

    /// <summary>A stream of numbers that belongs to one request.</summary>
    public static ulong Start(int seed, long request) => ((ulong)(uint)seed << 40) ^ (ulong)request * 0x9E3779B97F4A7C15;

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014): the next number, and the stream moved on.</summary>
    public static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>The next number as a share, 0 inclusive to 1 exclusive.</summary>
    public static double NextShare(ref ulong state) => (Next(ref state) >> 11) * (1.0 / (1UL << 53));
}
