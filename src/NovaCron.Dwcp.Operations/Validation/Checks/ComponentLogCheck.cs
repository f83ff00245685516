namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>No node has logged an error since it started.</summary>
internal sealed class ComponentLogCheck() : ValidationCheck(
    "component-log-errors", CheckCategory.Components, CheckSeverity.High, "No node has logged an error since its start",
    "Read the lines in the evidence and fix their cause; a restart begins a new log.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var lines = 0;
        foreach (var pod in await context.NodesAsync().ConfigureAwait(false))
        {
            foreach (var line in (await context.LogAsync(pod, "node").ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                lines++;
                if (LogLine.TryRead(line) is not { } entry)
                {
                    if (line.Contains("Unhandled exception", StringComparison.Ordinal) || line.Contains("Fatal error", StringComparison.Ordinal))
                        problems.Add($"pod {pod}: {ValidationContext.Start(line)}");
                }
                else if (entry.Level is "error" or "critical")
                {
                    problems.Add($"pod {pod}: {entry.Level}: {ValidationContext.Start(entry.Message)}");
                }
            }
        }

        return CheckFinding.Judge(problems, lines, $"{lines} lines, none of level error or critical");
    }
}
