using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>The end of v1: switched off when nobody uses it, removed weeks later, and back with every rollback.</summary>
public sealed class V1DeprecationTests
{
    private const string V1Free = "registry.example/dwcpd@sha256:v1-free";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task V1_is_switched_off_after_the_window_and_an_approval_and_not_before()
    {
        var scenario = await CompletedAsync();
        var service = new RolloutService(scenario.Cluster, scenario.Time);
        await service.DisableV1Async(true, 5 * Minute, Token);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, 4 * Minute));
        Assert.Contains("5m without v1 traffic", scenario.Status.Message);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, 3 * Minute));
        Assert.Contains("deprecation waits for approval", scenario.Status.Message);
        scenario.Cluster.Approve(RolloutDeprecation.Phase, "alice");
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, Minute));
        scenario.Cluster.User = "bob";
        await service.ApproveAsync(RolloutDeprecation.Phase, "Nobody misses it.", Token);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, Minute));
        Assert.NotNull(scenario.Status.V1DisabledAt);
        Assert.All(scenario.Cluster.Nodes, node => Assert.True(node.V1Disabled));
        Assert.Single(scenario.Status.History, entry => entry.Reason == "V1Disabled");
    }

    [Fact]
    public async Task A_client_that_still_uses_v1_begins_the_window_anew()
    {
        var scenario = await CompletedAsync();
        scenario.Cluster.Approve(RolloutDeprecation.Phase, "bob");
        await new RolloutService(scenario.Cluster, scenario.Time).DisableV1Async(true, 3 * Minute, Token);
        for (var i = 0; i < 3; i++)
        {
            scenario.Cluster.Nodes[0].Serve(v3: false, failed: false, slow: false);
            Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, 2 * Minute));
        }
        Assert.NotNull(scenario.Status.V1UsedAt);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, 3 * Minute));
    }

    [Fact]
    public async Task Checks_that_could_not_be_made_do_not_count_as_quiet()
    {
        var scenario = await CompletedAsync();
        scenario.Cluster.Approve(RolloutDeprecation.Phase, "bob");
        await new RolloutService(scenario.Cluster, scenario.Time).DisableV1Async(true, 3 * Minute, Token);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.V1Quiet > Minute, 5 * Minute));
        scenario.Cluster.Nodes[0].MetricsGone = true;
        var quiet = scenario.Status.V1Quiet;
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, 0.8 * Minute));
        Assert.True(scenario.Status.V1Quiet <= quiet + TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task A_guardian_killed_at_any_call_switches_v1_off_once()
    {
        for (var call = 1; call < 16; call++)
        {
            foreach (var after in new[] { false, true })
            {
                var scenario = await SwitchingOffAsync();
                scenario.Cluster.KillAfterEffect = after;
                scenario.Cluster.KillAt = scenario.Cluster.Calls + call;
                Assert.True(await scenario.RunUntilAsync(() => scenario.Status.V1DisabledAt is not null && scenario.Cluster.V1Disabled, 2 * Minute), $"killed at call {call}");
                Assert.Single(scenario.Status.History, entry => entry.Reason == "V1Disabled");
            }
        }
    }

    [Fact]
    public async Task Somebody_who_switches_v1_off_too_early_or_on_again_is_answered()
    {
        var scenario = await CompletedAsync();
        scenario.Cluster.PatchByHand(v1Disabled: true);
        Assert.True(await scenario.RunUntilAsync(() => !scenario.Cluster.V1Disabled, Minute));

        scenario = await SwitchedOffAsync();
        scenario.Cluster.PatchByHand(v1Disabled: false);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.V1DisabledAt is null, Minute));
        Assert.False(scenario.Cluster.V1Disabled);
        // Not at once again: the window begins anew.
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, Minute / 2));
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.V1Disabled, 2 * Minute));
        await new RolloutService(scenario.Cluster, scenario.Time).DisableV1Async(false, null, Token);
        Assert.True(await scenario.RunUntilAsync(() => !scenario.Cluster.V1Disabled, Minute));
    }

    [Fact]
    public async Task A_rollback_brings_v1_back_in_the_write_that_sets_the_flag_to_0()
    {
        var scenario = await SwitchedOffAsync();
        var calls = scenario.Cluster.Calls;
        var rollback = new RollbackService(scenario.Cluster, scenario.Time).RollbackAsync(new RollbackOptions { Reason = "test" }, null, Token);
        Assert.False(scenario.Cluster.V1Disabled);
        Assert.Equal(0, scenario.Cluster.Flag);
        Assert.True(scenario.Cluster.Calls > calls);
        Assert.True((await scenario.Time.RunAsync(rollback)).Succeeded);

        scenario = await SwitchedOffAsync();
        await new RolloutService(scenario.Cluster, scenario.Time).SetAsync(new RolloutRequest { Percent = 50 }, Token);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 50, Minute));
        Assert.False(scenario.Cluster.V1Disabled);
        Assert.Null(scenario.Status.V1DisabledAt);
    }

    [Fact]
    public async Task V1_is_not_removed_before_it_was_off_for_long_enough()
    {
        var scenario = await CompletedAsync();
        var removal = new V1Removal(scenario.Cluster, scenario.Time);
        Assert.Equal("V1Enabled", (await Assert.ThrowsAsync<DwcpRolloutException>(() => removal.RemoveAsync(V1Free, TimeSpan.Zero, Minute, null, Token))).Reason);
        scenario = await SwitchedOffAsync();
        removal = new V1Removal(scenario.Cluster, scenario.Time);
        Assert.Equal("TooEarly", (await Assert.ThrowsAsync<DwcpRolloutException>(() => removal.RemoveAsync(V1Free, TimeSpan.FromDays(14), Minute, null, Token))).Reason);
        Assert.Null(scenario.Cluster.V1Archive);
    }

    [Fact]
    public async Task A_rollback_of_nodes_without_v1_deploys_what_had_it()
    {
        foreach (var byHand in new[] { false, true })
        {
            var scenario = await RemovedAsync();
            var before = V1Archive.Parse(scenario.Cluster.Documents[scenario.Cluster.V1Archive!]).Image;
            Assert.All(scenario.Cluster.Nodes, node => Assert.False(node.HasV1));
            if (byHand)
            {
                // kubectl alone: the nodes ignore it and go on serving; the guardian sees it and does the rest.
                scenario.Cluster.PatchByHand(flag: "0", ceiling: "0");
                Assert.All(scenario.Cluster.Nodes, node => Assert.Equal(100, node.Effective));
                Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 3 * Minute));
            }
            else
            {
                var report = await scenario.Time.RunAsync(new RollbackService(scenario.Cluster, scenario.Time).RollbackAsync(new RollbackOptions { Reason = "test" }, null, Token));
                Assert.True(report.Succeeded, string.Join("; ", report.Problems));
                Assert.Contains(report.Timeline, step => step is { Name: "V1", Succeeded: true });
            }
            Assert.Equal(before, scenario.Cluster.Image);
            Assert.Empty(scenario.Cluster.DeletedPods);
            Assert.All(scenario.Cluster.Nodes, node => Assert.Equal((true, 0), (node.HasV1, node.Effective)));
            Assert.Null(scenario.Cluster.V1Archive);
        }
    }

    [Fact]
    public async Task Nodes_without_v1_and_without_an_archive_are_not_deleted_and_not_called_proven()
    {
        var scenario = await RemovedAsync();
        await scenario.Cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { V1Archive = "gone" }, Token);
        var report = await scenario.Time.RunAsync(new RollbackService(scenario.Cluster, scenario.Time).RollbackAsync(new RollbackOptions { Reason = "test" }, null, Token));
        Assert.False(report.Proven);
        Assert.Equal(2, report.ExitCode);
        Assert.Contains(report.Problems, problem => problem.Contains("gone", StringComparison.Ordinal));
        Assert.Empty(scenario.Cluster.DeletedPods);
    }

    [Fact]
    public async Task An_image_that_does_not_come_up_or_has_v1_is_taken_back()
    {
        foreach (var image in new[] { V1Free, "registry.example/dwcpd@sha256:another" })
        {
            var scenario = await SwitchedOffAsync();
            var before = scenario.Cluster.Image;
            if (image == V1Free) scenario.Cluster.BadImage = image;
            var report = await scenario.Time.RunAsync(new V1Removal(scenario.Cluster, scenario.Time).RemoveAsync(image, TimeSpan.Zero, Minute, null, Token));
            Assert.False(report.Succeeded);
            Assert.Equal(1, report.ExitCode);
            Assert.Equal(before, scenario.Cluster.Image);
            Assert.Null(scenario.Cluster.V1Archive);
        }
    }

    [Fact]
    public async Task A_rollback_during_the_removal_is_left_to_deploy_the_archive_alone()
    {
        var scenario = await SwitchedOffAsync();
        scenario.Cluster.BadImage = V1Free;
        var removal = new V1Removal(scenario.Cluster, scenario.Time).RemoveAsync(V1Free, TimeSpan.Zero, 5 * Minute, null, Token);
        Assert.Equal(V1Free, scenario.Cluster.Image);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 3 * Minute));
        var report = await scenario.Time.RunAsync(removal);
        Assert.False(report.Succeeded);
        Assert.Contains(scenario.Status.Lock!.Incident, report.Steps[^1]);
        Assert.Equal(0, scenario.Cluster.Flag);
        Assert.All(scenario.Cluster.Nodes, node => Assert.True(node.HasV1 && node.Ready));
    }

    [Fact]
    public async Task Without_v1_no_percent_below_100_is_set_half_way()
    {
        var scenario = await RemovedAsync();
        await new RolloutService(scenario.Cluster, scenario.Time).SetAsync(new RolloutRequest { Percent = 50 }, Token);
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag < 100, Minute));
        Assert.Contains("Invoke-DwcpRollback", scenario.Status.Message);
    }

    [Theory]
    [InlineData("dwcpd:3.0.0", "dwcpd@sha256:1")]
    [InlineData("registry:5000/novacron/dwcpd", "registry:5000/novacron/dwcpd@sha256:1")]
    [InlineData("registry:5000/novacron/dwcpd:3.0.0", "registry:5000/novacron/dwcpd@sha256:1")]
    [InlineData("registry/dwcpd@sha256:2", "registry/dwcpd@sha256:2")]
    public void An_archived_image_is_named_by_its_digest(string image, string pinned) => Assert.Equal(pinned, NodeImage.Pin(image, "sha256:1"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<RolloutScenario> CompletedAsync()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(100);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, 10 * Minute));
        return scenario;
    }

    /// <summary>A few seconds before the window ends.</summary>
    private static async Task<RolloutScenario> SwitchingOffAsync()
    {
        var scenario = await CompletedAsync();
        scenario.Cluster.Approve(RolloutDeprecation.Phase, "bob");
        await new RolloutService(scenario.Cluster, scenario.Time).DisableV1Async(true, Minute, Token);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.V1Quiet >= 0.85 * Minute, 5 * Minute));
        return scenario;
    }

    private static async Task<RolloutScenario> SwitchedOffAsync()
    {
        var scenario = await SwitchingOffAsync();
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.V1DisabledAt is not null, Minute));
        return scenario;
    }

    private static async Task<RolloutScenario> RemovedAsync()
    {
        var scenario = await SwitchedOffAsync();
        var report = await scenario.Time.RunAsync(new V1Removal(scenario.Cluster, scenario.Time).RemoveAsync(V1Free, TimeSpan.Zero, Minute, null, Token));
        Assert.True(report.Succeeded, string.Join("; ", report.Steps));
        Assert.Equal(V1Free, scenario.Cluster.Image);
        return scenario;
    }
}
