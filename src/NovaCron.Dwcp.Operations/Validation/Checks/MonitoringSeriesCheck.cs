using System.Globalization;
using NovaCron.Dwcp.Operations.Validation.Monitoring;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What the nodes export has arrived in Prometheus, and lately.</summary>
internal sealed class MonitoringSeriesCheck() : ValidationCheck(
    "monitoring-series", CheckCategory.Monitoring, CheckSeverity.High, "Prometheus holds at least 10 families of dwcp_ metrics of every node, with fresh numbers in them",
    "Look at the targets page of Prometheus, and at metric_relabel_configs, which may drop series.")
{
    private const int MinimumFamilies = 10;

    /// <summary>Two scrapes may be lost, and a busy Prometheus may be late by some seconds.</summary>
    private static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(60);

    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => MonitoringSource.WhyNotApplicableAsync(context);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        // Prometheus' own clock: that of this machine may be another. Buckets are many, and their counts tell the same.
        var now = (await MonitoringSource.QueryAsync(context, "time()", cancellationToken).ConfigureAwait(false))[0].Points[0].Value;
        var series = await MonitoringSource.QueryAsync(context,
            $"{{__name__=~\"dwcp_.+\", __name__!~\".+_bucket\", namespace=\"{context.Namespace}\", app=\"dwcp-v3\"}}[5m]", cancellationToken).ConfigureAwait(false);
        var problems = new List<string>();
        foreach (var node in nodes)
        {
            var own = series.Where(s => s.Labels.Text("pod") == node && s.Points.Count > 0).ToList();
            var filled = own.Where(s => s.Points.Any(p => double.IsFinite(p.Value))).Select(s => s.Labels.Text("__name__")).Distinct().Count();
            var age = own.Count == 0 ? double.NaN : now - own.Max(s => s.Points[^1].Time);
            if (filled < MinimumFamilies)
                problems.Add($"Prometheus holds {filled} families of dwcp_ metrics with numbers of pod {node}, expected at least {MinimumFamilies}");
            else if (age > MaximumAge.TotalSeconds)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"the newest sample of pod {node} is {age:0} s old, allowed are {MaximumAge.TotalSeconds:0} s"));
        }

        return CheckFinding.Judge(problems, nodes.Count, $"{series.Select(s => s.Labels.Text("__name__")).Distinct().Count()} families of {nodes.Count} nodes, fresh");
    }
}
