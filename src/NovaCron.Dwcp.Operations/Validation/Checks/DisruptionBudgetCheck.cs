using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Draining a machine never takes all nodes, and never hangs for ever either.</summary>
internal sealed class DisruptionBudgetCheck() : ValidationCheck(
    "infra-disruption", CheckCategory.Infrastructure, CheckSeverity.Medium, "Disruption budgets fit replicas and autoscaler",
    "Apply the manifests again (New-DwcpStaging).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var budgets = await context.ListAsync(ClusterResource.PodDisruptionBudget).ConfigureAwait(false);
        var scaler = await context.FindAsync(ClusterResource.HorizontalPodAutoscaler, "dwcp-v3").ConfigureAwait(false);
        var least = scaler is null ? 0 : scaler.Whole("spec", "minReplicas") ?? 1;
        foreach (var app in new[] { "dwcp-v3", "dwcp-v3-guardian" })
        {
            var own = budgets.Where(b => b.Text("spec", "selector", "matchLabels", "app") == app).ToList();
            if (own.Count != 1)
                problems.Add($"{own.Count} budgets select app={app}, expected one");
            else if (own[0].Whole("spec", "maxUnavailable") is not 1)
                problems.Add($"budget {own[0].Name()} allows {own[0].Text("spec", "maxUnavailable") ?? "no maxUnavailable"}, expected maxUnavailable 1");
        }

        if (least < 2)
            problems.Add($"the autoscaler may go down to {least} nodes, so that one disruption is an outage");
        // A budget over a single pod would block every drain of its machine.
        problems.AddRange(budgets.Where(b => b.Text("spec", "selector", "matchLabels", "app") == "dwcp-v3-redis").Select(b => $"budget {b.Name()} covers the single redis"));
        return CheckFinding.Judge(problems, 2, "one pod of node and guardian may be away at a time");
    }
}
