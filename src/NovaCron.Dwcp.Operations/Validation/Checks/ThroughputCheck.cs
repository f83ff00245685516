using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>User bytes per second of a verified v3 transfer from pod to pod, measured by the sending node; to its own data port where it is the only one.</summary>
internal sealed class ThroughputCheck() : ValidationCheck(
    "performance-throughput", CheckCategory.Performance, CheckSeverity.High, "A verified v3 transfer from pod to pod reaches the target throughput",
    "Compare with the machine's own limit in the evidence; give the nodes more CPU or a faster store.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(3);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var runs = await TransferBenchmark.BetweenPodsAsync(context, cancellationToken).ConfigureAwait(false);
        var rates = runs.Select(r => r.BytesPerSecond).ToList();
        var evidence = runs.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.BytesPerSecond / 1e6:0.0} MB/s; {r.Data}; memory copy {r.MemoryCopyBytesPerSecond / 1e6:0} MB/s"));

        // The median: one run that shared the machine with something else decides nothing.
        var figure = CheckFigure.OfRuns("throughput", "B/s", rates, higherIsBetter: true);
        var text = string.Create(CultureInfo.InvariantCulture, $"median of {rates.Count} runs {figure.Value / 1e6:0.0} MB/s, target {context.Profile.MinimumThroughput / 1e6:0.#} MB/s ({context.Profile.Name})");
        return (figure.Value >= context.Profile.MinimumThroughput ? CheckFinding.Pass(text, [.. evidence]) : CheckFinding.Fail(text, [.. evidence])) with { Figures = [figure] };
    }
}
