using System.Globalization;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>Runs every codec over every member of a corpus directory and prints what came out.</summary>
internal sealed class CodecBenchmark
{
    /// <summary>One codec on one member.</summary>
    public sealed record Result(string Member, string Family, string Codec, int Length, int Encoded, double EncodeSeconds, double DecodeSeconds)
    {
        public double Saved => 100.0 * (Length - Encoded) / Length;
        public double EncodeSpeed => Length / EncodeSeconds / 1e6;
        public double DecodeSpeed => Length / DecodeSeconds / 1e6;
    }

    public List<Result> Results { get; } = [];

    /// <summary>Measures; the best of several runs counts, each checked byte for byte.</summary>
    public void Run(IReadOnlyList<ICodec> codecs, IEnumerable<FileInfo> members, int blockLimit, double seconds)
    {
        foreach (FileInfo member in members)
        {
            byte[] data = Read(member, blockLimit);
            foreach (ICodec codec in codecs)
            {
                Result result = Measure(codec, member.Name, data, seconds);
                Results.Add(result);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{result.Member,-14} {result.Codec,-16} {result.Length,10} -> {result.Encoded,10}  {result.Saved,6:F2} %  enc {result.EncodeSpeed,8:F1}  dec {result.DecodeSpeed,8:F1} MB/s"));
            }
        }
    }

    /// <summary>All-zero pages are taken out: every codec does well on them and they would hide the rest.</summary>
    private static byte[] Read(FileInfo member, int limit)
    {
        const int Page = 4096;
        byte[] all = File.ReadAllBytes(member.FullName);
        var kept = new MemoryStream(all.Length);
        for (int at = 0; at < all.Length && kept.Length < limit; at += Page)
        {
            ReadOnlySpan<byte> page = all.AsSpan(at, Math.Min(Page, all.Length - at));
            if (!BlockCodec.IsZero(page))
            {
                kept.Write(page);
            }
        }

        return kept.ToArray();
    }

    private static Result Measure(ICodec codec, string member, byte[] data, double seconds)
    {
        byte[] encoded = new byte[codec.MaxEncoded(data.Length)];
        byte[] decoded = new byte[data.Length];
        int length = 0;
        double encode = Best(() => length = codec.Encode(data, encoded), seconds);
        double decode = Best(() => codec.Decode(encoded.AsSpan(0, length), decoded), seconds / 2);
        return decoded.AsSpan().SequenceEqual(data)
            ? new Result(member, codec.Family, codec.Name, data.Length, length, encode, decode)
            : throw new InvalidOperationException($"{codec.Name} did not return {member} as it was.");
    }

    private static double Best(Action action, double seconds)
    {
        double best = double.MaxValue;
        double total = 0;
        int runs = 0;
        do
        {
            double start = ThreadClock.Seconds();
            action();
            double took = ThreadClock.Seconds() - start;
            best = Math.Min(best, took);
            total += took;
            runs++;
        }
        while (total < seconds && runs < 100);
        return best;
    }
}
