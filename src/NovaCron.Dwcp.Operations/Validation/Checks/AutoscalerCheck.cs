using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Load adds nodes, up to the limit.</summary>
internal sealed class AutoscalerCheck() : ValidationCheck(
    "infra-autoscaler", CheckCategory.Infrastructure, CheckSeverity.High, "The autoscaler keeps 2 to 10 nodes and has a live target",
    "Apply the manifests again (New-DwcpStaging); if scaling is inactive, install metrics-server in the cluster.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        if (await context.FindAsync(ClusterResource.HorizontalPodAutoscaler, "dwcp-v3").ConfigureAwait(false) is not { } scaler)
            return CheckFinding.Fail("HorizontalPodAutoscaler dwcp-v3 does not exist");
        var spec = scaler["spec"];
        var problems = new List<string>();
        var (minimum, maximum) = (spec.Whole("minReplicas") ?? 1, spec.Whole("maxReplicas") ?? 0);
        if (minimum < 2)
            problems.Add($"minReplicas is {minimum}, expected at least 2");
        if (maximum < minimum || maximum > 10)
            problems.Add($"maxReplicas is {maximum}, expected {minimum}..10");
        if (spec.Text("scaleTargetRef", "kind") != "Deployment" || spec.Text("scaleTargetRef", "name") != "dwcp-v3")
            problems.Add($"scales {spec.Text("scaleTargetRef", "kind")} {spec.Text("scaleTargetRef", "name")}, expected Deployment dwcp-v3");
        else if (await context.FindAsync(ClusterResource.Deployment, "dwcp-v3").ConfigureAwait(false) is null)
            problems.Add("its target, Deployment dwcp-v3, does not exist");
        if (!spec.Items("metrics").Any())
            problems.Add("has no metric to scale by");
        // Where there is no metrics-server (a rehearsal), the controller says so in this condition; that is a defect of a real cluster only.
        if (scaler.Condition("ScalingActive") is var active && active?.Text("status") != "True" && !await context.PodsAreProcessesAsync().ConfigureAwait(false))
            problems.Add($"scaling is not active: {active?.Text("message") ?? "the controller has not reported"}");
        return CheckFinding.Judge(problems, 1, $"{minimum}..{maximum} replicas of Deployment dwcp-v3");
    }
}
