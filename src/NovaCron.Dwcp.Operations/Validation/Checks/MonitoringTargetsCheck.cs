using NovaCron.Dwcp.Operations.Validation.Monitoring;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Prometheus reads every pod, each by itself.</summary>
internal sealed class MonitoringTargetsCheck() : ValidationCheck(
    "monitoring-targets", CheckCategory.Monitoring, CheckSeverity.High, "Every node and guardian pod is a target of Prometheus, and up",
    "Look at the targets page of Prometheus; NetworkPolicies dwcp-v3-node and dwcp-v3-guardian must let it in, Role dwcp-v3-prometheus must let it list pods.")
{
    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => MonitoringSource.WhyNotApplicableAsync(context);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var pods = (await context.PodsOfAsync("dwcp-v3").ConfigureAwait(false)).Concat(await context.PodsOfAsync("dwcp-v3-guardian").ConfigureAwait(false))
            .Select(p => p.Name()).Order(StringComparer.Ordinal).ToList();
        var answer = await MonitoringSource.AskPrometheusAsync(context, "/api/v1/targets?state=active", cancellationToken).ConfigureAwait(false);
        var targets = answer.Items("data", "activeTargets").Where(t => t.Text("labels", "namespace") == context.Namespace).ToList();
        var problems = new List<string>();
        foreach (var pod in pods)
        {
            var own = targets.Where(t => t.Text("labels", "pod") == pod).ToList();
            if (own.Count == 0)
                problems.Add($"pod {pod} is no target of Prometheus");
            else if (own.Find(t => t.Text("health") != "up") is { } down)
                problems.Add($"pod {pod} is {down.Text("health") ?? "of unknown health"} for Prometheus: {ValidationContext.Start(down.Text("lastError") ?? "no reason")}");
        }

        return CheckFinding.Judge(problems, pods.Count, $"{pods.Count} pods are targets and up");
    }
}
