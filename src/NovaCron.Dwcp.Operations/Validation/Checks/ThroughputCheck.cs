using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>User bytes per second of a verified v3 transfer inside the cluster, measured by the node on its own data port.</summary>
internal sealed class ThroughputCheck() : ValidationCheck(
    "performance-throughput", CheckCategory.Performance, CheckSeverity.High, "A verified v3 transfer reaches the target throughput",
    "Compare with the machine's own limit in the evidence; give the nodes more CPU or a faster store.")
{
    private const int Runs = 3;

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(3);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var pod = (await context.NodesAsync().ConfigureAwait(false))[0];
        var rates = new List<double>();
        var evidence = new List<string>();
        for (var i = 0; i < Runs; i++)
        {
            var result = TransferBenchmark.Read(pod, await context.DiagnoseAsync(pod, "benchmark?kind=transfer", TimeSpan.FromSeconds(45), cancellationToken).ConfigureAwait(false));
            rates.Add(result.BytesPerSecond);
            evidence.Add(string.Create(CultureInfo.InvariantCulture, $"{result.BytesPerSecond / 1e6:0.0} MB/s; {result.Data}; memory copy {result.MemoryCopyBytesPerSecond / 1e6:0} MB/s"));
        }

        // The median: one run that shared the machine with something else decides nothing.
        var figure = new CheckFigure("throughput", "B/s", Median(rates), rates, HigherIsBetter: true);
        var text = string.Create(CultureInfo.InvariantCulture, $"median of {Runs} runs {figure.Value / 1e6:0.0} MB/s, target {context.Profile.MinimumThroughput / 1e6:0.#} MB/s ({context.Profile.Name})");
        return (figure.Value >= context.Profile.MinimumThroughput ? CheckFinding.Pass(text, [.. evidence]) : CheckFinding.Fail(text, [.. evidence])) with { Figures = [figure] };
    }

    private static double Median(IEnumerable<double> runs) => runs.Order().ElementAt(Runs / 2);
}
