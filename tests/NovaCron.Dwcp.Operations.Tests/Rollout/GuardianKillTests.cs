using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>The guardian's process dies at every single call it makes, before or after the call took effect; another process goes on.</summary>
public sealed class GuardianKillTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_at_any_call_a_healthy_rollout_still_completes_and_never_exceeds_what_was_asked(bool afterEffect)
    {
        var calls = await CallsAsync(failShare: 0);
        for (var kill = 1; kill <= calls; kill += Stride(calls, kill))
        {
            var scenario = new RolloutScenario(seed: kill) { Cluster = { KillAfterEffect = afterEffect } };
            await scenario.AskAsync(50);
            scenario.Cluster.KillAt = scenario.Cluster.Calls + kill;
            Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, TimeSpan.FromMinutes(6)),
                $"killed at call {kill}: {scenario.Status.State} {scenario.Status.Message}");
            Assert.Equal(50, scenario.Cluster.HighestPercent);
            Assert.Equal(0, scenario.Cluster.Restarted);
            Assert.Null(scenario.Status.Lock);
            AssertNumbered(scenario);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_at_any_call_a_bad_v3_is_still_rolled_back_and_never_promoted(bool afterEffect)
    {
        var calls = await CallsAsync(failShare: 0.5);
        for (var kill = 1; kill <= calls; kill += Stride(calls, kill))
        {
            var scenario = new RolloutScenario(seed: kill) { V3FailShare = 0.5, Cluster = { KillAfterEffect = afterEffect } };
            await scenario.AskAsync(50);
            scenario.Cluster.KillAt = scenario.Cluster.Calls + kill;
            Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, TimeSpan.FromMinutes(6)),
                $"killed at call {kill}: {scenario.Status.State} {scenario.Status.Message}");
            Assert.Equal(10, scenario.Cluster.HighestPercent);
            Assert.Equal((0, 0), (scenario.Cluster.Flag, scenario.Cluster.Ceiling));
            Assert.Equal(1, scenario.Cluster.Restarted);
            Assert.NotNull(scenario.Status.Lock);
            AssertNumbered(scenario);
        }
    }

    [Fact]
    public async Task A_guardian_that_dies_every_three_seconds_still_sees_a_bad_v3()
    {
        var scenario = new RolloutScenario { V3FailShare = 0.5 };
        await scenario.AskAsync(10);
        for (var i = 0; i < 60 && scenario.Status.State != RolloutState.RolledBack; i++)
        {
            await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, TimeSpan.FromSeconds(3));
            scenario.ReplaceGuardian();
        }
        Assert.Equal(RolloutState.RolledBack, scenario.Status.State);
        Assert.Equal(10, scenario.Cluster.HighestPercent);
    }

    /// <summary>Every call of the first hundred and of the last forty; between them, where checks repeat, every seventh.</summary>
    private static int Stride(int calls, int kill) => kill < 100 || kill > calls - 40 ? 1 : 7;

    private static async Task<int> CallsAsync(double failShare)
    {
        var scenario = new RolloutScenario { V3FailShare = failShare };
        await scenario.AskAsync(50);
        var before = scenario.Cluster.Calls;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State is RolloutState.Completed or RolloutState.RolledBack, TimeSpan.FromMinutes(6)));
        return scenario.Cluster.Calls - before;
    }

    private static void AssertNumbered(RolloutScenario scenario)
    {
        var numbers = scenario.Status.History.Select(entry => entry.Number).ToList();
        Assert.Equal(Enumerable.Range(0, numbers.Count).Select(number => (long)number), numbers);
    }
}
