using System.Globalization;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Percent that the codec saves at the internet's level on what the pods have of the internet's corpus, every block decoded and compared.</summary>
internal sealed class CompressionCheck() : ValidationCheck(
    "performance-compression", CheckCategory.Performance, CheckSeverity.Medium, "The codec reaches the target compression on a sample of the internet corpus, in every pod",
    "The sample is of the release's own files and seeded data, so that this is the release's figure and not the machine's: compare with docs/performance.md.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(2);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var target = context.Profile.MinimumSavedPercent;
        var (problems, saved, evidence) = (new List<string>(), new List<double>(), new List<string>());
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var answers = await Task.WhenAll(nodes.Select(pod => context.DiagnoseAsync(pod, "benchmark?kind=internet&level=dense", TimeSpan.FromSeconds(45), cancellationToken))).ConfigureAwait(false);
        foreach (var (pod, answer) in nodes.Zip(answers))
        {
            if (answer.At("figures", "percentSaved") is not JsonValue value || !value.TryGetValue<double>(out var percent) || !double.IsFinite(percent))
                throw new InconclusiveException($"pod {pod} measured no percentSaved");
            saved.Add(percent);
            evidence.Add(string.Create(CultureInfo.InvariantCulture, $"pod {pod}: {percent:0.00} % of {answer.Text("data")}"));
            if (percent < target)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"pod {pod} saves {percent:0.0} %, target {target:0.#} % ({context.Profile.Name})"));
        }

        return CheckFinding.Judge(problems, saved.Count, string.Create(CultureInfo.InvariantCulture, $"{saved.DefaultIfEmpty().Min():0.0} % saved, target {target:0.#} % ({context.Profile.Name})")) with
        {
            Figures = [new CheckFigure("saved on the internet sample", "%", saved.DefaultIfEmpty().Min(), saved, HigherIsBetter: true)],
            Evidence = evidence,
        };
    }
}
