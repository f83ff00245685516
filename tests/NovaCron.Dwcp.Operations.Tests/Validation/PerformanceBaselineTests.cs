using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class PerformanceBaselineTests
{
    private const string Record = $"{ValidationRig.Space}/configmaps/dwcp-v3-validation";

    [Fact]
    public async Task The_first_run_captures_and_says_so_and_only_a_GO_replaces_it()
    {
        using var rig = await ValidationRig.StartAsync();
        var first = await rig.RunAsync();
        Assert.Contains("captured: there is no baseline yet", first.Checks.Single(c => c.Id == "performance-baseline").Detail);
        Assert.Null(rig.Server.Get(Record)["data"]!["baseline"]);

        var runner = new ValidationRunner(rig.Connection);
        await runner.ApproveAsync(first, "first");
        var baseline = PerformanceBaseline.Parse(rig.Server.Get(Record)["data"]!["baseline"]!.ToString());
        Assert.Equal((first.Id, "Rehearsal", 3), (baseline.Report, baseline.Profile, baseline.Figures.Count));

        // Slower: REVIEW, and the old one stays, until somebody says that it is meant.
        rig.Nodes.Break = (_, _, c) => c == "POST /diagnostics/benchmark?kind=sibling" ? (200, """{"bytesPerSecond":3e9,"data":"d","figures":{"version":3},"memoryCopyBytesPerSecond":9e9}""") : null;
        var slower = await rig.RunAsync();
        Assert.Equal(ValidationDecision.Review, slower.Decision);
        Assert.Contains("40.0 % behind 3.0.0", slower.Reason);
        Assert.Equal(first.Id, PerformanceBaseline.Parse(rig.Server.Get(Record)["data"]!["baseline"]!.ToString()).Report);
        await runner.ApproveAsync(slower, "a smaller machine, on purpose");
        Assert.Equal(slower.Id, PerformanceBaseline.Parse(rig.Server.Get(Record)["data"]!["baseline"]!.ToString()).Report);
    }

    /// <summary>Runs that scatter prove nothing; a fall that they cannot explain does.</summary>
    [Theory]
    [InlineData(new double[] { 100, 101, 99, 100 }, new double[] { 80, 81, 79, 80 }, true)]
    [InlineData(new double[] { 100, 140, 70, 120 }, new double[] { 80, 81, 79, 80 }, false)]
    [InlineData(new double[] { 100, 101, 99, 100 }, new double[] { 95, 96, 94, 95 }, false)]
    [InlineData(new double[] { 100, 101, 99, 100 }, new double[] { 130, 131, 129, 130 }, false)]
    public void A_regression_is_what_chance_does_not_explain(double[] before, double[] now, bool regressed)
    {
        var (change, best) = PerformanceBaseline.Compare(new CheckFigure("x", "%", 0, before, true), new CheckFigure("x", "%", 0, now, true))!.Value;
        Assert.Equal(regressed, best < -PerformanceBaseline.Tolerance);
        Assert.True(change <= best);
        // Where less is better, the same figures say the opposite.
        var (_, opposite) = PerformanceBaseline.Compare(new CheckFigure("x", "s", 0, now, false), new CheckFigure("x", "s", 0, before, false))!.Value;
        Assert.Equal(regressed, opposite < -PerformanceBaseline.Tolerance);
    }

    [Fact]
    public void Without_runs_or_with_nonsense_nothing_is_compared()
    {
        var good = new CheckFigure("x", "%", 1, [1, 2], true);
        Assert.Null(PerformanceBaseline.Compare(good, good with { Runs = [1] }));
        Assert.Null(PerformanceBaseline.Compare(good with { Runs = [1, double.NaN] }, good));
        Assert.Null(PerformanceBaseline.Compare(good, good with { Runs = [0, 1] }));
    }
}
