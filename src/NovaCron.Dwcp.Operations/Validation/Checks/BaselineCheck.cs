using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// The release is not slower, and does not compress worse, than the last one that got its GO, beyond what chance explains. Rates are judged as a share
/// of what the machine's memory gives at the same moment, so that a busier machine is no regression.
/// </summary>
internal sealed class BaselineCheck() : ValidationCheck(
    CheckId, CheckCategory.Performance, CheckSeverity.High, "Throughput, codec speed and compression are not behind the baseline of the last GO, beyond noise",
    "Compare with the baseline's release on the same machines; if the change is meant, an approval of this report makes it the new baseline.")
{
    public const string CheckId = "performance-baseline";

    private const int Runs = 4;

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(4);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var figures = await MeasureAsync(context, cancellationToken).ConfigureAwait(false);
        var evidence = figures.Select(f => $"{f.Name}: {string.Join(", ", f.Runs.Select(r => r.ToString("0.####", CultureInfo.InvariantCulture)))} {f.Unit}").ToArray();
        var map = await context.Connection.FindAsync(ClusterResource.ConfigMap, context.Namespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false);
        if (map.Text("data", PerformanceBaseline.Key) is not { } text)
            return CheckFinding.Pass("captured: there is no baseline yet, and this becomes it with the GO", evidence) with { Figures = figures };
        var baseline = PerformanceBaseline.Parse(text);
        if (baseline.Profile != context.Profile.Name)
            return CheckFinding.Pass($"captured: the baseline is of profile {baseline.Profile}, and this becomes it with the GO", evidence) with { Figures = figures };

        var problems = new List<string>();
        var changes = new List<string>();
        foreach (var figure in figures)
        {
            if (baseline.Figures.FirstOrDefault(f => f.Name == figure.Name) is not { } before)
                continue;
            var (change, best) = PerformanceBaseline.Compare(before, figure) ?? throw new InconclusiveException($"{figure.Name} of the baseline ({baseline.Describe()}) has no runs to compare with");
            changes.Add(string.Create(CultureInfo.InvariantCulture, $"{figure.Name} {100 * change:+0.0;-0.0;0} %"));
            if (best < -PerformanceBaseline.Tolerance)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{figure.Name} is {-100 * change:0.0} % behind {baseline.Describe()}, at least {-100 * best:0.0} % beyond noise, allowed are {100 * PerformanceBaseline.Tolerance:0} %"));
        }

        return CheckFinding.Judge(problems, changes.Count, $"against {baseline.Describe()}: {string.Join(", ", changes)}") with { Figures = figures, Evidence = evidence };
    }

    private static async Task<IReadOnlyList<CheckFigure>> MeasureAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var pod = (await context.NodesAsync().ConfigureAwait(false))[0];
        var transfers = (await TransferBenchmark.BetweenPodsAsync(context, cancellationToken).ConfigureAwait(false))
            .Select(t => 100 * t.BytesPerSecond / Positive(t.MemoryCopyBytesPerSecond, pod, "memoryCopyBytesPerSecond")).ToList();
        var (codecs, saved) = (new List<double>(), new List<double>());
        for (var i = 0; i < Runs; i++)
        {
            var codec = await context.DiagnoseAsync(pod, "benchmark?kind=codec", TimeSpan.FromSeconds(45), cancellationToken).ConfigureAwait(false);
            codecs.Add(100 * Number(codec, pod, "bytesPerSecond") / Number(codec, pod, "memoryCopyBytesPerSecond"));
            saved.Add(Number(codec, pod, "figures", "percentSaved"));
        }

        return
        [
            CheckFigure.OfRuns("transfer between pods, share of memory copy", "%", transfers, higherIsBetter: true),
            CheckFigure.OfRuns("codec, share of memory copy", "%", codecs, higherIsBetter: true),
            CheckFigure.OfRuns("saved by the codec on the seeded VM mix", "%", saved, higherIsBetter: true),
        ];
    }

    private static double Number(JsonObject answer, string pod, params string[] path) =>
        Positive(answer.At(path) is JsonValue value && value.TryGetValue<double>(out var number) ? number : double.NaN, pod, string.Join('.', path));

    private static double Positive(double number, string pod, string name) =>
        double.IsFinite(number) && number > 0 ? number : throw new InconclusiveException($"pod {pod} measured no {name}");
}
