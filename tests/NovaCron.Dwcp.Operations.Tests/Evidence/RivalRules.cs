using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Evidence;

/// <summary>Our tests, two fixed thresholds and a Mann-Whitney test, side by side on the same seeded streams.</summary>
internal static class RivalRules
{
    private const int Window = 20;

    /// <summary>One-sided p of 0.02, as a standard normal quantile.</summary>
    private const double Critical = 2.054;

    /// <summary>Flagger's and Argo's usual way: that many checks above the limit in a row.</summary>
    private const int ChecksInARow = 5;

    /// <summary>Requests of v3 until each of the four rules rolls back, per run; null when it does not. Ours at the guardian's pace, the others every 30 s.</summary>
    public static IReadOnlyList<long?>[] Run(int runs, int checks, double share, double control)
    {
        var results = new[] { new long?[runs], new long?[runs], new long?[runs], new long?[runs] };
        Parallel.For(0, runs, run =>
        {
            var random = new Random(run);
            var book = EvidenceBook.For(new RolloutLimits());
            var rates3 = new Queue<double>();
            var rates1 = new Queue<double>();
            var (ours3, ours1, theirs3, theirs1) = (new VersionCounts(), new VersionCounts(), new VersionCounts(), new VersionCounts());
            var (seen, since, failed) = (0L, 0, 0);
            for (var step = 1; step <= 6 * checks; step++)
            {
                var (v3, v1) = (Count(random, 25, share), Count(random, 225, control));
                seen += v3.Requests;
                (ours3, ours1, theirs3, theirs1) = (Sum(ours3, v3), Sum(ours1, v1), Sum(theirs3, v3), Sum(theirs1, v1));
                if (results[0][run] is null && EvidenceSimulation.IsCheck(++since, book.Progress))
                {
                    book.Observe(new EvidenceSample(ours3, ours1, Slice: since / 6d));
                    if (book.Rejected is not null) results[0][run] = seen;
                    (ours3, ours1, since) = (default, default, 0);
                }
                if (step % 6 == 0)
                {
                    Keep(rates3, (double)theirs3.Errors / theirs3.Requests);
                    Keep(rates1, (double)theirs1.Errors / theirs1.Requests);
                    var above = theirs3.Errors > 0.01 * theirs3.Requests;
                    failed = above ? failed + 1 : 0;
                    if (above) results[1][run] ??= seen;
                    if (failed >= ChecksInARow) results[2][run] ??= seen;
                    if (rates3.Count == Window && MannWhitney(rates3, rates1) > Critical) results[3][run] ??= seen;
                    (theirs3, theirs1) = (default, default);
                }
                if (results.All(rule => rule[run] is not null)) break;
            }
        });
        return results;
    }

    /// <summary>Service times with a lognormal law (sigma 1), as a node's histogram shows them.</summary>
    public static LatencyCounts Latencies(Random random, int requests, double median)
    {
        double[] bounds = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, double.PositiveInfinity];
        var counts = new long[bounds.Length];
        for (var i = 0; i < requests; i++)
        {
            var seconds = median * Math.Exp(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            for (var j = 0; j < bounds.Length; j++)
                if (seconds <= bounds[j]) counts[j]++;
        }
        return new LatencyCounts(bounds, counts);
    }

    /// <summary>The normal approximation of the rank sum with its correction for ties; large when the first sample is larger.</summary>
    private static double MannWhitney(IReadOnlyCollection<double> first, IReadOnlyCollection<double> second)
    {
        var all = first.Select(value => (value, mine: true)).Concat(second.Select(value => (value, mine: false))).OrderBy(entry => entry.value).ToList();
        double ranks = 0, ties = 0;
        for (var i = 0; i < all.Count;)
        {
            var end = i;
            while (end < all.Count && all[end].value == all[i].value) end++;
            double length = end - i;
            ties += length * length * length - length;
            for (var k = i; k < end; k++)
                if (all[k].mine) ranks += (i + end + 1) / 2d;
            i = end;
        }
        double n = first.Count, m = second.Count, total = n + m;
        var u = ranks - n * (n + 1) / 2;
        var variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)));
        return variance <= 0 ? 0 : (u - n * m / 2 - 0.5) / Math.Sqrt(variance);
    }

    private static VersionCounts Count(Random random, double mean, double share)
    {
        var requests = Math.Max(1, EvidenceSimulation.Poisson(random, mean));
        var errors = EvidenceSimulation.Poisson(random, requests * share);
        return new VersionCounts(requests, Math.Min(errors, requests), requests, 0);
    }

    private static VersionCounts Sum(VersionCounts a, VersionCounts b) => new(a.Requests + b.Requests, a.Errors + b.Errors, a.Timed + b.Timed, a.Slow + b.Slow);

    private static void Keep(Queue<double> window, double value)
    {
        window.Enqueue(value);
        if (window.Count > Window) window.Dequeue();
    }
}
