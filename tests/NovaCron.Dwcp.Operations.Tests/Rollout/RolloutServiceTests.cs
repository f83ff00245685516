using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

public sealed class RolloutServiceTests
{
    [Fact]
    public async Task A_limit_that_no_histogram_can_judge_is_refused_with_those_that_can()
    {
        var scenario = new RolloutScenario();
        var failure = await Assert.ThrowsAsync<DwcpRolloutException>(
            () => new RolloutService(scenario.Cluster, scenario.Time).SetAsync(new RolloutRequest { Percent = 10, Limits = new RolloutLimits { SlowMilliseconds = 2000 } }));
        Assert.Equal("InvalidRequest", failure.Reason);
        Assert.Contains("2000", failure.Message);
        Assert.Contains("2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000", failure.Message);
    }

    [Fact]
    public async Task The_way_down_is_open_whatever_limit_an_earlier_build_left_behind()
    {
        var scenario = new RolloutScenario();
        var service = new RolloutService(scenario.Cluster, scenario.Time);
        var rollout = await service.SetAsync(new RolloutRequest { Percent = 10 });
        rollout.Spec.Limits.SlowMilliseconds = 2000;
        await scenario.Cluster.WriteRolloutAsync(rollout, default);
        Assert.Equal("InvalidRequest", (await Assert.ThrowsAsync<DwcpRolloutException>(() => service.SetAsync(new RolloutRequest { Percent = 50 }))).Reason);
        Assert.Equal(0, (await service.SetAsync(new RolloutRequest { Percent = 0 })).Spec.TargetPercent);
    }

    [Theory]
    [InlineData(150, null, false, "InvalidRequest")]
    [InlineData(-1, null, false, "InvalidRequest")]
    [InlineData(null, "phase-9", false, "UnknownPhase")]
    [InlineData(10, "phase-1", false, "InvalidRequest")]
    [InlineData(null, null, false, "InvalidRequest")]
    public async Task Requests_that_make_no_sense_are_refused_by_name(int? percent, string? phase, bool next, string reason)
    {
        var scenario = new RolloutScenario();
        var failure = await Assert.ThrowsAsync<DwcpRolloutException>(
            () => new RolloutService(scenario.Cluster, scenario.Time).SetAsync(new RolloutRequest { Percent = percent, Phase = phase, Next = next }));
        Assert.Equal(reason, failure.Reason);
        Assert.Null(scenario.Cluster.Rollout);
    }

    [Fact]
    public async Task Nobody_approves_what_he_asked_for()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10, approve: false);
        var service = new RolloutService(scenario.Cluster, scenario.Time);
        Assert.Equal("OwnRequest", (await Assert.ThrowsAsync<DwcpRolloutException>(() => service.ApproveAsync("phase-1", "because"))).Reason);
        scenario.Cluster.User = "bob";
        Assert.Equal("NoReason", (await Assert.ThrowsAsync<DwcpRolloutException>(() => service.ApproveAsync("phase-1", " "))).Reason);
        Assert.Equal("UnknownPhase", (await Assert.ThrowsAsync<DwcpRolloutException>(() => service.ApproveAsync("phase-7", "because"))).Reason);
        Assert.Equal("bob", (await service.ApproveAsync("phase-1", "because")).Spec.Approver);
    }

    [Fact]
    public async Task Next_asks_for_the_phase_after_the_present_one()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, TimeSpan.FromMinutes(1)));
        Assert.Equal(50, (await new RolloutService(scenario.Cluster, scenario.Time).SetAsync(new RolloutRequest { Next = true })).Spec.TargetPercent);
    }

    [Fact]
    public async Task A_watch_shows_every_check_and_ends_when_the_rollout_rests()
    {
        var scenario = new RolloutScenario { V3FailShare = 0.5 };
        await scenario.AskAsync(10);
        var seen = new List<RolloutObservation>();
        var watch = Task.Run(async () =>
        {
            await foreach (var observation in new RolloutService(scenario.Cluster, scenario.Time).WatchAsync(new RolloutWatchOptions { For = null })) seen.Add(observation);
        });
        for (var i = 0; i < 2000 && !watch.IsCompleted; i++)
        {
            await scenario.RunUntilAsync(() => false, TimeSpan.FromMilliseconds(100));
            await Task.WhenAny(watch, Task.Delay(1));
        }
        Assert.True(watch.IsCompleted);
        await watch;
        Assert.Equal(RolloutState.RolledBack, seen[^1].State);
        Assert.Contains(seen, observation => observation.Percent == 10 && observation.V3 is { Errors: > 0 });
        Assert.Contains(seen, observation => observation.Evidence.Any(test => test.PercentToRollback > 10));
    }

    [Fact]
    public async Task The_rollout_report_holds_history_traffic_and_charts()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, TimeSpan.FromMinutes(3)));
        var report = await RolloutReport.ReadAsync(scenario.Cluster, null, scenario.Time);
        Assert.True(report.Series.Count > 5);
        var document = report.Build();
        Assert.Contains("<svg", document.ToHtml());
        Assert.Contains("| v3 |", document.ToMarkdown());
        Assert.Contains("Raised", document.ToMarkdown());
        var xml = new System.Xml.XmlDocument();
        foreach (System.Text.RegularExpressions.Match svg in System.Text.RegularExpressions.Regex.Matches(document.ToHtml(), "<svg.*?</svg>")) xml.LoadXml(svg.Value);
    }

    [Fact]
    public void The_series_stays_bounded_and_keeps_the_newest()
    {
        var series = new List<RolloutPoint>();
        for (var i = 0; i < 10_000; i++) RolloutSeries.Append(series, new RolloutPoint { Time = DateTimeOffset.UnixEpoch.AddSeconds(i), Percent = 1 });
        Assert.True(series.Count <= RolloutSeries.Capacity);
        Assert.Equal(9_999, series[^1].Time.ToUnixTimeSeconds());
        Assert.Equal(series.OrderBy(point => point.Time), series);
        Assert.Equal(0, series[0].Time.ToUnixTimeSeconds());
    }
}
