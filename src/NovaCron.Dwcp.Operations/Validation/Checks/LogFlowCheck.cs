namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Logs are there and can be searched.</summary>
internal sealed class LogFlowCheck() : ValidationCheck(
    "monitoring-logs", CheckCategory.Monitoring, CheckSeverity.High, "Every node logs one JSON object a line, with time, level and message",
    "Look at the lines in the evidence: something writes past the logger.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var lines = (await context.LogAsync(pod, "node").ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (lines.Length == 0)
                return $"pod {pod} has an empty log";
            var loose = lines.FirstOrDefault(l => LogLine.TryRead(l) is null);
            return loose is null ? null : $"pod {pod} wrote a line that is no log entry: {ValidationContext.Start(loose)}";
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"logs of {nodes.Count} pods are structured");
    }
}
