namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>A codec over all members of the run but the one of zeros: geometric means.</summary>
/// <param name="Family">zstd, xz, brotli, lz4 or dwcp.</param>
/// <param name="Codec">Family and level.</param>
/// <param name="Fraction">Geometric mean of encoded by decoded length.</param>
/// <param name="EncodeSpeed">MB/s.</param>
/// <param name="DecodeSpeed">MB/s.</param>
internal sealed record CodecSummary(string Family, string Codec, double Fraction, double EncodeSpeed, double DecodeSpeed)
{
    public double Saved => 100 * (1 - Fraction);

    public static List<CodecSummary> Of(IEnumerable<CodecResult> results) =>
        [.. results.Where(r => r.Member != CodecResult.ZeroMember).GroupBy(r => (r.Family, r.Codec)).Select(g => new CodecSummary(
            g.Key.Family, g.Key.Codec, Mean(g, r => (double)r.Encoded / r.Length), Mean(g, r => r.EncodeSpeed), Mean(g, r => r.DecodeSpeed)))];

    public bool Dominates(CodecSummary other) =>
        Fraction < other.Fraction && EncodeSpeed > other.EncodeSpeed && DecodeSpeed > other.DecodeSpeed;

    private static double Mean(IEnumerable<CodecResult> results, Func<CodecResult, double> figure) =>
        Math.Exp(results.Average(r => Math.Log(figure(r))));
}
