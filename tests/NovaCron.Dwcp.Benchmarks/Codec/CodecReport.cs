using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>Makes Markdown of what was measured: every figure, geometric means, the goals with their misses, and which peer level beats which of ours.</summary>
internal static class CodecReport
{
    public static string Write(IReadOnlyList<CodecResult> results, IEnumerable<string> versions, int threads, double copySpeed)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{threads} thread{(threads == 1 ? "" : "s")}; {string.Join(", ", versions)}; memory copy {copySpeed / 1e6:F0} MB/s.\n\n");
        Summary(text, results);
        Goals(text, results);
        Dominated(text, results);
        Members(text, results);
        return text.ToString();
    }

    private static void Summary(StringBuilder text, IReadOnlyList<CodecResult> results)
    {
        int members = results.Select(r => r.Member).Distinct().Count(m => m != CodecResult.ZeroMember);
        text.Append(CultureInfo.InvariantCulture, $"### Geometric means over {members} members\n\n| codec | percent saved | compress MB/s | expand MB/s |\n|---|---|---|---|\n");
        foreach (CodecSummary s in CodecSummary.Of(results))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {s.Codec} | {s.Saved:F2} | {s.EncodeSpeed:F1} | {s.DecodeSpeed:F1} |\n");
        }
    }

    private static void Goals(StringBuilder text, IReadOnlyList<CodecResult> results)
    {
        text.Append("\n### Goals\n\nFactors of the peer's figures, geometric means; then the members that are beyond 1.05 x in size or below 0.95 x in speed of the goal.\n\n");
        text.Append("| level | beside | size (goal) | compress (goal) | expand (goal) | members that miss |\n|---|---|---|---|---|---|\n");
        foreach (CodecGoal goal in CodecGoal.All)
        {
            var pairs = Pairs(results, goal);
            if (pairs.Count == 0)
            {
                continue;
            }

            double size = Mean(pairs, p => (double)p.Ours.Encoded / p.Peer.Encoded);
            double encode = Mean(pairs, p => p.Ours.EncodeSpeed / p.Peer.EncodeSpeed);
            double decode = Mean(pairs, p => p.Ours.DecodeSpeed / p.Peer.DecodeSpeed);
            var misses = pairs.Select(p => Miss(p.Ours, p.Peer, goal)).Where(m => m.Length > 0);
            text.Append(CultureInfo.InvariantCulture, $"| {goal.Ours}{(goal.Structured ? ", structured" : "")} | {goal.Peer} | {Figure(size, goal.Size, size <= goal.Size)} ");
            text.Append(CultureInfo.InvariantCulture, $"| {Figure(encode, goal.Encode, encode >= goal.Encode)} | {Figure(decode, goal.Decode, decode >= goal.Decode)} | {string.Join("; ", misses)} |\n");
        }
    }

    private static string Figure(double value, double goal, bool met) =>
        goal == 0
            ? value.ToString("F2", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{(met ? "" : "**")}{value:F2}{(met ? "" : "**")} ({goal:0.##})");

    private static string Miss(CodecResult ours, CodecResult peer, CodecGoal goal)
    {
        List<string> what = [];
        double size = (double)ours.Encoded / peer.Encoded;
        double encode = ours.EncodeSpeed / peer.EncodeSpeed;
        double decode = ours.DecodeSpeed / peer.DecodeSpeed;
        if (size > goal.Size * CodecGoal.SizeTolerance)
        {
            what.Add(string.Create(CultureInfo.InvariantCulture, $"size {size:F2}"));
        }

        if (encode < goal.Encode * CodecGoal.SpeedTolerance)
        {
            what.Add(string.Create(CultureInfo.InvariantCulture, $"compress {encode:F2}"));
        }

        if (decode < goal.Decode * CodecGoal.SpeedTolerance)
        {
            what.Add(string.Create(CultureInfo.InvariantCulture, $"expand {decode:F2}"));
        }

        return what.Count == 0 ? "" : $"{ours.Member} {string.Join(", ", what)}";
    }

    private static List<(CodecResult Ours, CodecResult Peer)> Pairs(IReadOnlyList<CodecResult> results, CodecGoal goal) =>
        [.. from ours in results
            where ours.Codec == goal.Ours && ours.Member != CodecResult.ZeroMember && (!goal.Structured || CodecGoal.IsStructured(ours.Member))
            join peer in results.Where(r => r.Codec == goal.Peer) on ours.Member equals peer.Member
            select (ours, peer)];

    private static double Mean(List<(CodecResult Ours, CodecResult Peer)> pairs, Func<(CodecResult Ours, CodecResult Peer), double> figure) =>
        Math.Exp(pairs.Average(p => Math.Log(figure(p))));

    private static void Dominated(StringBuilder text, IReadOnlyList<CodecResult> results)
    {
        text.Append("\n### Which peer level beats which of ours in all three figures\n\n| level | in the geometric means | on single members |\n|---|---|---|\n");
        List<CodecSummary> summaries = CodecSummary.Of(results);
        foreach (CodecSummary ours in summaries.Where(s => s.Family == "dwcp"))
        {
            var means = summaries.Where(s => s.Family != "dwcp" && s.Dominates(ours)).Select(s => s.Codec);
            var members = results.Where(r => r.Codec == ours.Codec)
                .Select(r => (r.Member, By: results.Where(p => p.Family != "dwcp" && p.Member == r.Member && p.Dominates(r)).Select(p => p.Codec).ToList()))
                .Where(m => m.By.Count > 0)
                .Select(m => $"{m.Member}: {string.Join(", ", m.By)}");
            text.Append(CultureInfo.InvariantCulture, $"| {ours.Codec} | {OrNone(means)} | {OrNone(members)} |\n");
        }
    }

    private static string OrNone(IEnumerable<string> items)
    {
        string joined = string.Join("; ", items);
        return joined.Length > 0 ? joined : "none";
    }

    private static void Members(StringBuilder text, IReadOnlyList<CodecResult> results)
    {
        text.Append("\n### Every member\n\n| member | codec | percent saved | compress MB/s | expand MB/s |\n|---|---|---|---|---|\n");
        foreach (CodecResult r in results)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {r.Member} | {r.Codec} | {r.Saved:F2} | {r.EncodeSpeed:F1} | {r.DecodeSpeed:F1} |\n");
        }
    }
}
