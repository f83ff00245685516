using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Metrics move: a page that never changes is a picture, not a measurement.</summary>
internal sealed class MetricFreshnessCheck() : ValidationCheck(
    "monitoring-freshness", CheckCategory.Monitoring, CheckSeverity.High, "Metrics are fresh on every node",
    "The exporter of the pod is stuck: restart it, and look at its log.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var first = await context.ScrapeTextAsync(pod, cancellationToken).ConfigureAwait(false);
            await Task.Delay(context.Options.FreshnessInterval, context.Time, cancellationToken).ConfigureAwait(false);
            var second = await context.ScrapeTextAsync(pod, cancellationToken).ConfigureAwait(false);
            // The process' own counters (CPU time, allocations) move by being asked.
            return first == second ? $"pod {pod} exports the same page again after {context.Options.FreshnessInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s" : null;
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"pages of {nodes.Count} pods move");
    }
}
