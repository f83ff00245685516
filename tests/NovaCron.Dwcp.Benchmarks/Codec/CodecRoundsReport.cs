using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>Makes Markdown of rounds: for each of our levels every figure, and its factors beside each peer level, by member and as geometric means.</summary>
internal static class CodecRoundsReport
{
    public static string Write(IReadOnlyList<CodecRounds> rounds)
    {
        var text = new StringBuilder();
        string[] members = [.. rounds.Select(r => r.Best.Member).Distinct()];
        string[] ours = [.. rounds.Where(r => r.Best.Family == "dwcp").Select(r => r.Best.Codec).Distinct()];
        string[] peers = [.. rounds.Where(r => r.Best.Family != "dwcp").Select(r => r.Best.Codec).Distinct()];
        CodecRounds Of(string member, string codec) => rounds.First(r => r.Best.Member == member && r.Best.Codec == codec);
        foreach (string level in ours)
        {
            text.Append(CultureInfo.InvariantCulture, $"| bytes, compress MB/s, expand MB/s | {string.Join(" | ", [level, .. peers])} | beats {level} in all three |\n");
            text.Append(CultureInfo.InvariantCulture, $"|---{string.Concat(Enumerable.Repeat("|---", peers.Length + 2))}|\n");
            foreach (string member in members)
            {
                string[] beating = [.. peers.Where(p => Of(member, level).IsBeatenBy(Of(member, p)))];
                text.Append(CultureInfo.InvariantCulture, $"| {member} | {string.Join(" | ", new[] { level }.Concat(peers).Select(c => Figures(Of(member, c).Best)))} ");
                text.Append(CultureInfo.InvariantCulture, $"| {(beating.Length > 0 ? string.Join(", ", beating) : "none")} |\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"\n| {level} beside | {string.Join(" | ", peers)} |\n|---{string.Concat(Enumerable.Repeat("|---", peers.Length))}|\n");
            foreach (string member in members)
            {
                var factors = peers.Select(p => (Ours: Of(member, level), Peer: Of(member, p))).Select(p => Factors(p.Ours.Size(p.Peer), p.Ours.Encode(p.Peer), p.Ours.Decode(p.Peer)));
                text.Append(CultureInfo.InvariantCulture, $"| {member} | {string.Join(" | ", factors)} |\n");
            }

            double Mean(string peer, Func<CodecRounds, CodecRounds, double> factor) => Math.Exp(members.Average(m => Math.Log(factor(Of(m, level), Of(m, peer)))));
            var means = peers.Select(p => Factors(Mean(p, (o, q) => o.Size(q)), Mean(p, (o, q) => o.Encode(q)), Mean(p, (o, q) => o.Decode(q))));
            text.Append(CultureInfo.InvariantCulture, $"| geometric mean | {string.Join(" | ", means)} |\n\n");
        }

        return text.ToString();
    }

    private static string Figures(CodecResult r) => string.Create(CultureInfo.InvariantCulture, $"{r.Encoded}, {r.EncodeSpeed:F0}, {r.DecodeSpeed:F0}");

    private static string Factors(double size, double encode, double decode) => string.Create(CultureInfo.InvariantCulture, $"{size:F3}, {encode:F2}, {decode:F2}");
}
