using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Whole rollouts with random loads, random faults of the surroundings, and a v3 that is good or at least three times worse than its limit.</summary>
public sealed class RandomisedRolloutTests(ITestOutputHelper output)
{
    /// <summary>A few seconds' worth; NOVACRON_ROLLOUTS=1000 is what docs/rollout.md reports.</summary>
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("NOVACRON_ROLLOUTS"), out var runs) && runs >= 3 ? runs : 60;

    [Fact]
    public async Task A_v3_three_times_worse_than_its_limit_is_never_promoted_and_a_good_one_never_exceeds_its_approval()
    {
        var ends = new Dictionary<RolloutState, int>();
        var late = TimeSpan.Zero;
        for (var seed = 1; seed <= Runs; seed++)
        {
            var (state, delay) = await RunAsync(seed, bad: seed % 3 != 0);
            ends[state] = ends.GetValueOrDefault(state) + 1;
            if (delay > late) late = delay;
        }
        output.WriteLine($"{Runs} rollouts: {string.Join(", ", ends.Select(end => $"{end.Value} {end.Key}"))}; longest from fault to 0 %: {late.TotalSeconds:0} s");
        Assert.Equal(Runs - Runs / 3, ends.GetValueOrDefault(RolloutState.RolledBack));
    }

    private static async Task<(RolloutState State, TimeSpan Delay)> RunAsync(int seed, bool bad)
    {
        var scenario = new RolloutScenario(pods: 2 + seed % 3, seed: seed);
        var random = new Random(1000 + seed);
        scenario.RequestsPerSecond = 50 + random.Next(150);
        await scenario.AskAsync(50, minimumRequests: 2000, missingMetrics: TimeSpan.FromMinutes(2));
        await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, TimeSpan.FromMinutes(1));
        await scenario.RunUntilAsync(() => false, TimeSpan.FromSeconds(random.Next(0, 60)));
        var before = scenario.Cluster.Flag;
        var failed = false;
        if (bad)
        {
            failed = random.Next(2) == 0;
            if (failed) scenario.V3FailShare = 0.03 + 0.3 * random.NextDouble();
            else scenario.V3SlowShare = 0.03 + 0.3 * random.NextDouble();
        }
        var began = scenario.Time.GetTimestamp();
        TimeSpan? down = null;
        for (var step = 0; step < 120; step++)
        {
            await DisturbAsync(scenario, random);
            await scenario.RunUntilAsync(() => bad && scenario.Status.State == RolloutState.RolledBack, TimeSpan.FromSeconds(5));
            if (bad && down is null && scenario.Cluster.Nodes.All(node => node.Effective == 0)) down = scenario.Time.GetElapsedTime(began);
            if (bad && scenario.Status.State == RolloutState.RolledBack) break;
            if (!bad && scenario.Status.State == RolloutState.Completed) break;
        }
        if (bad)
        {
            Assert.True(scenario.Status.State == RolloutState.RolledBack,
                $"seed {seed}: {scenario.Status.State} {scenario.Status.Message} errors {scenario.V3FailShare} slow {scenario.V3SlowShare}");
            Assert.True(scenario.Cluster.HighestPercent <= before, $"seed {seed}: promoted from {before} to {scenario.Cluster.HighestPercent}");
        }
        else
        {
            Assert.True(scenario.Cluster.HighestPercent <= 50);
            Assert.DoesNotContain(scenario.Status.History, entry => entry.Reason is "ErrorRate" or "SlowRequests" or "ErrorRateToV1");
        }
        // Complete: every entry from the first, wherever it is kept by now.
        Assert.Equal(Enumerable.Range(0, (int)scenario.Status.NextHistoryNumber).Select(number => (long)number), scenario.Cluster.WholeHistory().Select(entry => entry.Number));
        return (scenario.Status.State, down ?? TimeSpan.Zero);
    }

    /// <summary>Something happens in about every third interval of five seconds, and ends again.</summary>
    private static async Task DisturbAsync(RolloutScenario scenario, Random random)
    {
        var node = scenario.Cluster.Nodes[random.Next(scenario.Cluster.Nodes.Count)];
        switch (random.Next(20))
        {
            case 0: scenario.ReplaceGuardian(); break;
            case 1:
                scenario.Cluster.ApiDown = true;
                await scenario.RunUntilAsync(() => false, TimeSpan.FromSeconds(random.Next(1, 60)));
                scenario.Cluster.ApiDown = false;
                break;
            case 2:
                node.MetricsGone = true;
                await scenario.RunUntilAsync(() => false, TimeSpan.FromSeconds(random.Next(1, 20)));
                node.MetricsGone = false;
                break;
            case 3:
                node.MetricsFrozen = true;
                await scenario.RunUntilAsync(() => false, TimeSpan.FromSeconds(random.Next(1, 20)));
                node.MetricsFrozen = false;
                break;
            case 4: scenario.Cluster.ConflictsToCome = random.Next(1, 4); break;
            case 5: scenario.Time.WallOffset += TimeSpan.FromMinutes(random.Next(-90, 90)); break;
            case 6 when scenario.Cluster.LockedBy is null: scenario.Cluster.AddNode(); break;
            case 7: scenario.Cluster.KillAt = scenario.Cluster.Calls + random.Next(1, 40); break;
        }
    }
}
