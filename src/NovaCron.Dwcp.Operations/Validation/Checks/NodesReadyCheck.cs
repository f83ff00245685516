using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>As many nodes are ready as are wanted.</summary>
internal sealed class NodesReadyCheck() : ValidationCheck(
    "health-nodes-ready", CheckCategory.Health, CheckSeverity.Critical, "Every node pod is ready",
    "The detail says why; kubectl logs and describe say more.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var deployment = await context.FindAsync(ClusterResource.Deployment, "dwcp-v3").ConfigureAwait(false)
            ?? throw new InconclusiveException("Deployment dwcp-v3 does not exist");
        var desired = deployment.Whole("spec", "replicas") ?? 1;
        var pods = await context.PodsOfAsync("dwcp-v3").ConfigureAwait(false);
        var ready = pods.Count(WorkloadWaiter.IsReady);
        // Somebody may have scaled by hand below what the autoscaler keeps.
        var least = (await context.FindAsync(ClusterResource.HorizontalPodAutoscaler, "dwcp-v3").ConfigureAwait(false))?.Whole("spec", "minReplicas") ?? 1;
        if (desired < least)
            return CheckFinding.Fail($"{desired} node pods are wanted, the autoscaler keeps at least {least}");
        if (ready == desired && ready > 0)
            return CheckFinding.Pass($"{ready} of {desired} node pods are ready");
        var waiter = new WorkloadWaiter(context.Connection, context.Namespace, context.Time);
        var reasons = new List<string>();
        foreach (var pod in pods.Where(p => !WorkloadWaiter.IsReady(p)))
            reasons.Add((await waiter.ExplainPodAsync(pod, cancellationToken).ConfigureAwait(false)).Problem ?? $"pod {pod.Name()} is {pod.Text("status", "phase")}");
        return CheckFinding.Fail($"expected {desired} ready node pods, but there are {ready}{(reasons.Count > 0 ? ": " + reasons[0] : "")}", [.. reasons]);
    }
}
