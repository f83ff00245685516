using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>
/// Every state of a rollout meets every fault of its surroundings. A v3 that turns bad at the same moment is rolled back and never promoted; a good
/// one survives what ends by itself.
/// </summary>
public sealed class RolloutStateFaultTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private enum Fault
    {
        GuardianKilled,
        TwoGuardiansLead,
        ApiServerDown,
        ConflictingWriters,
        ClockForward,
        ClockBackward,
        PodReplaced,
        PodHung,
        PodDeaf,
        MetricsGone,
        MetricsFrozen,
        FlagRaised,
        FlagLowered,
        FlagUnreadable,
    }

    public static TheoryData<RolloutState> States => [.. Enum.GetValues<RolloutState>()];

    /// <summary>What ends by itself, or hurts nobody: a good rollout goes on after it.</summary>
    private static IEnumerable<Fault> Passing => Enum.GetValues<Fault>().Where(fault => fault <= Fault.PodReplaced);

    [Theory]
    [MemberData(nameof(States))]
    public async Task A_v3_that_turns_bad_is_rolled_back_and_never_promoted_whatever_fails_beside_it(RolloutState state)
    {
        foreach (var fault in Enum.GetValues<Fault>())
        {
            var scenario = await ReachAsync(state);
            var allowed = Math.Max(10, scenario.Cluster.Flag);
            scenario.Cluster.HighestPercent = 0;
            scenario.V3FailShare = 0.5;
            scenario.RequestsPerSecond = 20;
            Release(scenario, state);
            await StrikeAsync(scenario, fault);

            var down = await scenario.RunUntilAsync(() => IsDown(scenario), state == RolloutState.Pending ? 5 * Minute : 10 * Minute);
            if (state == RolloutState.Pending && scenario.Status.State == RolloutState.Pending)
            {
                // Nothing is raised on a cluster that cannot be judged, and what was never raised needs no rollback.
                Assert.Equal((fault, 0), (fault, scenario.Cluster.HighestPercent));
                continue;
            }
            Assert.True(down, $"{state}, {fault}: {scenario.Status.State} at {scenario.Cluster.Flag} %: {scenario.Status.Message}");
            scenario.Meanwhile = null;
            await scenario.RunUntilAsync(() => false, 2 * Minute);
            Assert.True(IsDown(scenario), $"{state}, {fault}: it came back to {scenario.Cluster.Flag} %.");
            Assert.True(scenario.Cluster.HighestPercent <= allowed, $"{state}, {fault}: promoted to {scenario.Cluster.HighestPercent} %, {allowed} were allowed.");
            Assert.True(scenario.Status.Lock is not null && scenario.Cluster.LockedBy == scenario.Status.Lock.Incident, $"{state}, {fault}: not locked.");
            Assert.True(scenario.Cluster.Documents.ContainsKey(RolloutNames.IncidentConfigMapPrefix + scenario.Cluster.LockedBy), $"{state}, {fault}: no incident report.");
            AssertHistory(scenario, $"{state}, {fault}");
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task A_good_v3_outlives_every_fault_that_ends(RolloutState state)
    {
        foreach (var fault in Passing)
        {
            var scenario = await ReachAsync(state);
            scenario.RequestsPerSecond = 20;
            Release(scenario, state);
            await StrikeAsync(scenario, fault);
            await scenario.RunUntilAsync(() => false, Minute);
            scenario.Meanwhile = null;
            scenario.TwoLeaders = false;

            var expected = state is RolloutState.RollingBack or RolloutState.RolledBack ? RolloutState.RolledBack : RolloutState.Completed;
            var percent = expected == RolloutState.Completed ? 50 : 0;
            Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == expected && scenario.Cluster.Flag == percent && scenario.Cluster.Ceiling == percent, 10 * Minute),
                $"{state}, {fault}: {scenario.Status.State} at {scenario.Cluster.Flag} %: {scenario.Status.Message}");
            Assert.True(scenario.Cluster.HighestPercent <= 50, $"{state}, {fault}: {scenario.Cluster.HighestPercent} %, 50 were asked for.");
            AssertHistory(scenario, $"{state}, {fault}");
        }
    }

    /// <summary>A rollout to 50 % that stands in the state, v3 being good.</summary>
    private static async Task<RolloutScenario> ReachAsync(RolloutState state)
    {
        var scenario = new RolloutScenario(pods: 3);
        await scenario.AskAsync(50, approve: state != RolloutState.Pending);
        switch (state)
        {
            case RolloutState.Raising: scenario.Cluster.Nodes[0].Deaf = true; break;
            case RolloutState.Idle: scenario.RequestsPerSecond = 0; break;
            case RolloutState.Frozen or RolloutState.Suspended or RolloutState.RollingBack or RolloutState.RolledBack:
                Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
                break;
        }
        switch (state)
        {
            case RolloutState.Frozen: scenario.Cluster.Nodes[0].MetricsGone = true; break;
            case RolloutState.Suspended: await scenario.Time.RunAsync(new RolloutService(scenario.Cluster, scenario.Time).SuspendAsync()); break;
            case RolloutState.RollingBack or RolloutState.RolledBack: scenario.Cluster.Nodes[0].Corrupt(); break;
        }
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == state, 5 * Minute), $"{state} was not reached: {scenario.Status.State} {scenario.Status.Message}");
        return scenario;
    }

    /// <summary>Takes away what held the rollout in its state, so that only the guardian's judgement stands between v3 and more clients.</summary>
    private static void Release(RolloutScenario scenario, RolloutState state)
    {
        switch (state)
        {
            case RolloutState.Pending:
                foreach (var phase in new[] { "phase-1", "phase-2", "phase-3" }) scenario.Cluster.Approve(phase, "bob");
                break;
            case RolloutState.Raising:
                scenario.Cluster.Nodes[0].Deaf = false;
                scenario.Cluster.Nodes[0].Apply(scenario.Cluster.Flag, scenario.Cluster.Ceiling, scenario.Cluster.ConfigurationRevision);
                break;
            case RolloutState.Frozen: scenario.Cluster.Nodes[0].MetricsGone = false; break;
            case RolloutState.Suspended: scenario.Time.RunAsync(new RolloutService(scenario.Cluster, scenario.Time).ResumeAsync()).GetAwaiter().GetResult(); break;
        }
    }

    private static async Task StrikeAsync(RolloutScenario scenario, Fault fault)
    {
        var cluster = scenario.Cluster;
        var ticks = 0;
        switch (fault)
        {
            case Fault.GuardianKilled:
                // Again and again, three seconds apart, for a minute.
                scenario.Meanwhile = () =>
                {
                    if (++ticks % 30 == 0 && ticks < 600) scenario.ReplaceGuardian();
                };
                break;
            case Fault.TwoGuardiansLead: scenario.TwoLeaders = true; break;
            case Fault.ApiServerDown:
                cluster.ApiDown = true;
                await scenario.RunUntilAsync(() => false, Minute);
                cluster.ApiDown = false;
                break;
            case Fault.ConflictingWriters:
                scenario.Meanwhile = () =>
                {
                    ticks++;
                    if (ticks % 7 == 0) cluster.ConflictsToCome = 1;
                    if (ticks % 10 == 0) cluster.PatchByHand(flag: "100");
                    if (ticks % 3 == 0) cluster.TouchRollout();
                };
                break;
            case Fault.ClockForward: scenario.Time.WallOffset += TimeSpan.FromDays(2); break;
            case Fault.ClockBackward: scenario.Time.WallOffset -= TimeSpan.FromDays(2); break;
            case Fault.PodReplaced:
                cluster.Nodes.RemoveAt(2);
                cluster.AddNode();
                break;
            case Fault.PodHung: cluster.Nodes[1].Hung = true; break;
            case Fault.PodDeaf: cluster.Nodes[1].Deaf = true; break;
            case Fault.MetricsGone: cluster.Nodes.ForEach(node => node.MetricsGone = true); break;
            case Fault.MetricsFrozen: cluster.Nodes.ForEach(node => node.MetricsFrozen = true); break;
            case Fault.FlagRaised: cluster.PatchByHand(flag: "100"); break;
            case Fault.FlagLowered: cluster.PatchByHand(flag: "0"); break;
            case Fault.FlagUnreadable: cluster.PatchByHand(flag: "fifty"); break;
        }
    }

    private static bool IsDown(RolloutScenario scenario) =>
        scenario.Cluster is { Flag: 0, Ceiling: 0 } && scenario.Cluster.Nodes.All(node => node.Effective == 0) && scenario.Status is { State: RolloutState.RolledBack, Percent: 0 };

    private static void AssertHistory(RolloutScenario scenario, string what)
    {
        var numbers = scenario.Cluster.WholeHistory().Select(entry => entry.Number).ToList();
        Assert.True(numbers.SequenceEqual(Enumerable.Range(0, numbers.Count).Select(number => (long)number)) && numbers.Count == scenario.Status.NextHistoryNumber,
            $"{what}: history has the entries {string.Join(", ", numbers)}, the next is {scenario.Status.NextHistoryNumber}.");
    }
}
