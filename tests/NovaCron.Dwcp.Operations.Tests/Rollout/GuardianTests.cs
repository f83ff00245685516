using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

public sealed class GuardianTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_healthy_v3_goes_up_phase_by_phase_and_completes()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(100);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, 10 * Minute));
        Assert.Equal(100, scenario.Cluster.Flag);
        Assert.Equal([10, 50, 100], scenario.Status.History.Where(entry => entry.Reason == "Raised").Select(entry => entry.Percent));
        Assert.All(scenario.Status.Pods, pod => Assert.Equal(100, pod.Percent));
    }

    [Fact]
    public async Task Nothing_is_raised_without_a_recorded_GO()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10, validate: false);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        Assert.Contains("no validation is recorded", scenario.Status.Message);
        scenario.Cluster.Validation = new ValidationRecord { Decision = "NO-GO", Release = "3.0.0", Time = scenario.Time.GetUtcNow(), ApprovedBy = "bob" };
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        foreach (var decision in new[] { "REVIEW", "UNDECIDED", "no-go", "" })
        {
            // Approved once, and found wanting since.
            scenario.Cluster.Validation = new ValidationRecord { Decision = decision, Release = "3.0.0", Time = scenario.Time.GetUtcNow(), ApprovedBy = "bob" };
            Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        }

        scenario.Cluster.Validation = new ValidationRecord { Decision = "GO", Release = "3.0.0", Time = scenario.Time.GetUtcNow(), ApprovedBy = "bob", Mismatch = "other images" };
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        Assert.Contains("other images", scenario.Status.Message);
        scenario.Cluster.Validation = new ValidationRecord { Decision = "GO", Release = "2.9.0", Time = scenario.Time.GetUtcNow() };
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        scenario.Cluster.Validation = new ValidationRecord { Decision = "GO", Release = "3.0.0", Time = scenario.Time.GetUtcNow() };
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
    }

    [Fact]
    public async Task No_later_phase_begins_with_other_images_than_were_validated()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(100);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
        scenario.Cluster.Validation = scenario.Cluster.Validation! with { Mismatch = "other images were validated than run now" };
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 10, 30 * Minute));
        Assert.Contains("other images", scenario.Status.Message);
    }

    [Fact]
    public async Task Every_phase_needs_the_approval_of_somebody_else_than_the_requester()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(100, approve: false);
        scenario.Cluster.Approve("phase-1", "alice");
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        Assert.Contains("somebody other than alice", scenario.Status.Message);
        scenario.Cluster.Approve("phase-1", "bob");
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 10, 3 * Minute));
        Assert.Contains("phase-2 waits for approval", scenario.Status.Message);
        scenario.Cluster.Approve("phase-2", "bob");
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 50, Minute));
    }

    [Fact]
    public async Task A_scale_up_that_finds_no_room_is_no_reason_to_roll_back()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
        var waiting = scenario.Cluster.AddNode();
        (waiting.Ready, waiting.Unschedulable) = (false, true);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, 5 * Minute));
        // A machine was found, and the pod does not come up on it.
        waiting.Unschedulable = false;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, 5 * Minute));
        Assert.Contains(scenario.Status.History, entry => entry.Reason == "PodsNotReady");
    }

    [Fact]
    public async Task A_starting_pod_on_a_machine_whose_clock_is_wrong_is_not_missing()
    {
        foreach (var offset in new[] { -10 * Minute, 10 * Minute })
        {
            var scenario = new RolloutScenario();
            await scenario.AskAsync(10);
            Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
            var starting = scenario.Cluster.AddNode();
            (starting.Ready, starting.ClockOffset) = (false, offset);
            Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, 0.7 * Minute));
            starting.Ready = true;
            Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, 3 * Minute));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Half_of_two_requests_a_second_failing_is_rolled_back_within_a_minute_of_the_fault(int seed)
    {
        var scenario = new RolloutScenario(seed: seed);
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.V3FailShare = 0.5;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Nodes.All(node => node.Effective == 0), Minute));
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, Minute));
        Assert.Contains(scenario.Status.History, entry => entry.Reason is "ErrorRate" or "ErrorRateToV1");
        Assert.NotNull(scenario.Status.Lock);
        Assert.Equal(1, scenario.Cluster.Restarted);
        Assert.True(scenario.Cluster.Documents.ContainsKey(RolloutNames.IncidentConfigMapPrefix + scenario.Status.Lock!.Incident));
    }

    [Fact]
    public async Task Slow_requests_are_rolled_back_by_counts()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.V3SlowShare = 0.3;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 2 * Minute));
        Assert.Contains(scenario.Status.History, entry => entry.Reason == "SlowRequests");
    }

    [Fact]
    public async Task A_rolled_back_rollout_stays_down_until_its_incident_is_acknowledged_and_approved_anew()
    {
        var scenario = new RolloutScenario { V3FailShare = 0.5 };
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 3 * Minute));
        scenario.V3FailShare = 0;
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, 3 * Minute));

        var service = new RolloutService(scenario.Cluster, scenario.Time);
        var refused = await Assert.ThrowsAsync<DwcpRolloutException>(() => service.SetAsync(new RolloutRequest { Percent = 10 }));
        Assert.Equal("Locked", refused.Reason);
        await Assert.ThrowsAsync<DwcpRolloutException>(() => service.AcknowledgeAsync("another"));
        await service.AcknowledgeAsync(scenario.Status.Lock!.Incident);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, Minute));
        Assert.Contains("waits for approval", scenario.Status.Message);
        scenario.Cluster.Approve("phase-1", "bob");
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
    }

    [Fact]
    public async Task A_foreign_flag_of_zero_is_an_operators_rollback_proven_and_locked()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.PatchByHand(flag: "0");
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, Minute));
        Assert.NotNull(scenario.Cluster.LockedBy);
        Assert.Equal(0, scenario.Cluster.Ceiling);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 0, 2 * Minute));
    }

    [Fact]
    public async Task A_foreign_lower_flag_is_honoured_and_locked()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(50);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status is { State: RolloutState.Soaking, Percent: 50 }, 3 * Minute));
        scenario.Cluster.PatchByHand(flag: "20");
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 20, 3 * Minute));
        Assert.Equal((20, 20), (scenario.Cluster.Flag, scenario.Cluster.Ceiling));
        Assert.Equal(RolloutState.Suspended, scenario.Status.State);
    }

    [Theory]
    [InlineData("80", "80")]
    [InlineData("80", null)]
    [InlineData(null, "100")]
    public async Task A_foreign_higher_flag_or_ceiling_is_put_back_with_an_event(string? flag, string? ceiling)
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.PatchByHand(flag, ceiling);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster is { Flag: 10, Ceiling: 10 }, TimeSpan.FromSeconds(5)));
        Assert.Contains(scenario.Cluster.Events, entry => entry is { Type: "Warning", Reason: "PutBack" });
    }

    [Fact]
    public async Task A_flag_that_is_no_number_counts_as_zero()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.PatchByHand(flag: "abc");
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, Minute));
        Assert.Contains("abc", scenario.Status.Lock!.Reason);
    }

    [Fact]
    public async Task A_flag_without_a_rollout_is_taken_down()
    {
        var scenario = new RolloutScenario();
        scenario.Cluster.PatchByHand("30", "30");
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster is { Flag: 0, Ceiling: 0 }, TimeSpan.FromSeconds(5)));
        Assert.Contains(scenario.Cluster.Events, entry => entry.Reason == "FlagWithoutRollout");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Missing_or_frozen_metrics_freeze_the_rollout_and_then_roll_it_back(bool frozen)
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(50);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        (frozen ? new Action(() => scenario.Cluster.Nodes[0].MetricsFrozen = true) : () => scenario.Cluster.Nodes[0].MetricsGone = true)();
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Frozen, TimeSpan.FromSeconds(20)));
        Assert.Contains(scenario.Cluster.Nodes[0].Name, scenario.Status.Message);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State is RolloutState.RollingBack or RolloutState.RolledBack, 2 * Minute));
        Assert.Contains(scenario.Status.History, entry => entry.Reason == "MetricsMissing");
        Assert.Equal(10, scenario.Cluster.HighestPercent);
    }

    [Fact]
    public async Task Metrics_that_come_back_in_time_unfreeze_the_rollout()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.Nodes[1].MetricsGone = true;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Frozen, TimeSpan.FromSeconds(20)));
        scenario.Cluster.Nodes[1].MetricsGone = false;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, 3 * Minute));
    }

    [Fact]
    public async Task An_idle_v3_holds_its_phase()
    {
        var scenario = new RolloutScenario { RequestsPerSecond = 0 };
        await scenario.AskAsync(50);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Idle, 2 * Minute));
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 10, 5 * Minute));
        Assert.Equal(TimeSpan.Zero, scenario.Status.Soaked);
        scenario.RequestsPerSecond = 20;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 50, 3 * Minute));
    }

    [Fact]
    public async Task A_clock_jump_passes_no_soak()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(50);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Time.WallOffset = TimeSpan.FromDays(2);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 10, TimeSpan.FromSeconds(15)));
        scenario.ReplaceGuardian();
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 10, TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public async Task A_lower_target_lowers_at_once_without_a_lock()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(50);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 50, 3 * Minute));
        await new RolloutService(scenario.Cluster, scenario.Time).SetAsync(new RolloutRequest { Percent = 10 });
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, TimeSpan.FromSeconds(5)));
        Assert.Null(scenario.Status.Lock);
    }

    [Fact]
    public async Task A_suspended_rollout_holds_and_a_bad_v3_is_still_rolled_back()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(50);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        var service = new RolloutService(scenario.Cluster, scenario.Time);
        await scenario.Time.RunAsync(service.SuspendAsync());
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag > 10, 2 * Minute));
        Assert.Equal(RolloutState.Suspended, scenario.Status.State);
        scenario.V3FailShare = 0.5;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 2 * Minute));
    }

    [Theory]
    [InlineData("Corruption")]
    [InlineData("ComponentHealth")]
    [InlineData("CrashLoop")]
    [InlineData("HealthCheck")]
    [InlineData("PodsNotReady")]
    public async Task Plain_triggers_roll_back_and_name_themselves(string reason)
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Time.Advance(TimeSpan.FromSeconds(61));
        var node = scenario.Cluster.Nodes[0];
        switch (reason)
        {
            case "Corruption": node.Corrupt(); break;
            case "ComponentHealth": node.ComponentsHealthy = false; break;
            case "CrashLoop": node.WaitingReason = "CrashLoopBackOff"; break;
            case "HealthCheck": node.Healthy = false; break;
            default: node.Ready = false; break;
        }
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, Minute));
        Assert.Contains(scenario.Status.History, entry => entry.Reason == reason);
    }

    [Fact]
    public async Task Restarts_of_the_container_count_even_when_nobody_sees_the_back_off()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        for (var i = 0; i < 3; i++)
        {
            scenario.Cluster.Nodes[0].Crash();
            await scenario.RunUntilAsync(() => false, TimeSpan.FromSeconds(3));
        }
        Assert.Contains(scenario.Status.History, entry => entry.Reason == "CrashLoop");
    }

    [Fact]
    public async Task A_fault_while_the_API_server_is_down_is_rolled_back_when_it_is_back()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.V3FailShare = 0.5;
        scenario.Cluster.ApiDown = true;
        await scenario.RunUntilAsync(() => false, Minute);
        scenario.Cluster.ApiDown = false;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Nodes.All(node => node.Effective == 0), TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public async Task A_corruption_seen_while_the_flag_cannot_be_written_is_not_forgotten()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.Nodes[0].Corrupt();
        scenario.Cluster.ConflictsToCome = 3;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_hung_pod_is_deleted_during_the_rollback()
    {
        var scenario = new RolloutScenario(pods: 3);
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        var hung = scenario.Cluster.Nodes[1];
        hung.Hung = true;
        scenario.V3FailShare = 0.5;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 2 * Minute));
        Assert.Contains(hung.Name, scenario.Cluster.DeletedPods);
    }

    [Fact]
    public async Task Old_history_moves_into_numbered_documents_and_nothing_is_lost()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        for (var i = 0; i < 130; i++)
        {
            scenario.Cluster.PatchByHand(flag: "90");
            await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, TimeSpan.FromSeconds(5));
        }
        Assert.True(scenario.Status.History.Count <= 100);
        var archived = scenario.Cluster.Documents.Where(document => document.Key.StartsWith(RolloutNames.HistoryConfigMapPrefix, StringComparison.Ordinal))
            .OrderBy(document => document.Key, StringComparer.Ordinal)
            .SelectMany(document => System.Text.Json.JsonSerializer.Deserialize<List<RolloutHistoryEntry>>(document.Value.Text, RolloutJson.Options)!);
        var numbers = archived.Concat(scenario.Status.History).Select(entry => entry.Number).ToList();
        Assert.Equal(Enumerable.Range(0, numbers.Count).Select(number => (long)number), numbers);
        Assert.Equal(scenario.Status.NextHistoryNumber, numbers.Count);
    }
}
