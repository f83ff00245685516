using System.Globalization;
using NovaCron.Dwcp.Operations.Evidence;

namespace NovaCron.Dwcp.Operations.Tests.Evidence;

/// <summary>Sticky clients: whoever fails goes on failing for a while, and his requests lie between everybody else's.</summary>
public sealed class ClusteredErrorTests(ITestOutputHelper output)
{
    /// <summary>24 hours at 30 s. Without the dispersion the second row was rejected in 54 of 100 days.</summary>
    [Theory]
    [InlineData(0.001, 5, 5, 100, 2)]
    [InlineData(0.005, 5, 5, 100, 6)]
    [InlineData(0.005, 5, 5, 1000, 2)]
    [InlineData(0.010, 2, 50, 1000, 8)]
    [InlineData(0.005, 5, 50, 1000, 2)]
    public void A_day_of_clustered_errors_within_the_limit_is_seldom_rejected(double share, double meanRun, int perSecond, int clients, int allowed)
    {
        const int Runs = 100;
        var rejected = 0;
        Parallel.For(0, Runs, run =>
        {
            var random = new Random(run);
            var test = EvidenceSimulation.ErrorTest();
            var failing = new bool[clients];
            var begin = share / meanRun / (1 - share);
            for (var check = 0; check < 24 * 3600 / 30; check++)
            {
                test.Observe(new EvidenceSample(Serve(random, failing, perSecond * 30, begin, 1 / meanRun), null));
                if (test.LogEvidence < test.LogThreshold) continue;
                Interlocked.Increment(ref rejected);
                break;
            }
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{share:P1} errors in runs of {meanRun}, {perSecond}/s of {clients} clients: {rejected} of {Runs} days rejected"));
        Assert.True(rejected <= allowed);
    }

    [Fact]
    public void Independent_errors_have_a_dispersion_near_one_and_clusters_of_five_a_large_one()
    {
        var random = new Random(1);
        var independent = new Dispersion();
        var clustered = new Dispersion();
        for (var i = 0; i < 5000; i++)
        {
            independent.Observe(50, Enumerable.Range(0, 50).Count(_ => random.NextDouble() < 0.01));
            clustered.Observe(50, random.NextDouble() < 0.1 ? 5 : 0);
        }
        Assert.InRange(independent.Value, 1, 1.2);
        Assert.InRange(clustered.Value, 3.5, 6);
    }

    [Fact]
    public void A_fault_that_stays_raises_the_dispersion_only_a_little()
    {
        var random = new Random(2);
        var dispersion = new Dispersion();
        for (var i = 0; i < 1000; i++) dispersion.Observe(20, random.NextDouble() < 0.02 ? 1 : 0);
        for (var i = 0; i < 30; i++) dispersion.Observe(20, Enumerable.Range(0, 20).Count(_ => random.NextDouble() < 0.3));
        Assert.InRange(dispersion.Value, 1, 5);
        for (var i = 0; i < 2000; i++) dispersion.Observe(20, Enumerable.Range(0, 20).Count(_ => random.NextDouble() < 0.3));
        Assert.InRange(dispersion.Value, 1, 3);
    }

    private static VersionCounts Serve(Random random, bool[] failing, int requests, double begin, double end)
    {
        long errors = 0;
        for (var i = 0; i < requests; i++)
        {
            var client = random.Next(failing.Length);
            if (!failing[client] && random.NextDouble() < begin) failing[client] = true;
            if (!failing[client]) continue;
            errors++;
            if (random.NextDouble() < end) failing[client] = false;
        }
        return new VersionCounts(requests, errors, requests, 0);
    }
}
