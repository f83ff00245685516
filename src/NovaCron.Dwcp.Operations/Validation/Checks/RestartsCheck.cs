namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nothing crashed lately.</summary>
internal sealed class RestartsCheck() : ValidationCheck(
    "health-restarts", CheckCategory.Health, CheckSeverity.Critical, "No container crashed within the last fifteen minutes",
    "Read the log of the run before (kubectl logs --previous) and fix the cause.")
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var pods = await context.OurPodsAsync().ConfigureAwait(false);
        var problems = new List<string>();
        foreach (var pod in pods)
        {
            foreach (var container in pod.Items("status", "containerStatuses"))
            {
                var restarts = container.Whole("restartCount") ?? throw new InconclusiveException($"pod {pod.Name()} does not say how often it restarted");
                var ended = container.At("lastState", "terminated");
                if (container.Text("state", "waiting", "reason") is "CrashLoopBackOff")
                    problems.Add($"pod {pod.Name()} is in CrashLoopBackOff after {restarts} restarts");
                else if (restarts > 0 && (ended.Moment("finishedAt") is not { } at || context.Now - at < Window))
                    problems.Add($"pod {pod.Name()} restarted {restarts} times, last with exit code {ended.Text("exitCode") ?? "?"} ({ended.Text("reason")})");
            }
        }

        return CheckFinding.Judge(problems, pods.Sum(p => p.Items("status", "containerStatuses").Count()), $"{pods.Count} pods without a crash in {Window.TotalMinutes:0} minutes");
    }
}
