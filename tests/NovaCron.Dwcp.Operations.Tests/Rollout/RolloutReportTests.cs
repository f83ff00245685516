using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

public sealed class RolloutReportTests
{
    [Fact]
    public async Task History_that_was_handed_over_is_in_the_report_and_what_lies_before_Since_is_not()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, TimeSpan.FromMinutes(5)));
        // Foreign writes that are put back, each an entry, until the status has handed over twice.
        for (var i = 0; i < 170; i++)
        {
            scenario.Cluster.PatchByHand(flag: "80");
            Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, TimeSpan.FromSeconds(10)));
        }
        Assert.InRange(scenario.Status.History.Count, 50, 100);
        var whole = await RolloutReport.ReadAsync(scenario.Cluster, null, scenario.Time, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, (int)scenario.Status.NextHistoryNumber).Select(number => (long)number), whole.History.Select(entry => entry.Number));

        var since = scenario.Time.GetUtcNow() - TimeSpan.FromSeconds(30);
        var day = await RolloutReport.ReadAsync(scenario.Cluster, since, scenario.Time, TestContext.Current.CancellationToken);
        Assert.NotEmpty(day.History);
        Assert.NotEmpty(day.Series);
        Assert.All(day.History, entry => Assert.True(entry.Time >= since));
        Assert.All(day.Series, point => Assert.True(point.Time >= since));
        Assert.Contains("| Clients on v3 | 10 % | 10 % |", day.Build().ToMarkdown());
    }
}
