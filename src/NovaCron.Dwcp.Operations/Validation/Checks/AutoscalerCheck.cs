using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Load adds nodes, up to the limit.</summary>
internal sealed class AutoscalerCheck() : ValidationCheck(
    "infra-autoscaler", CheckCategory.Infrastructure, CheckSeverity.High, "The autoscaler keeps 2 to 10 nodes and has a live target",
    "Apply the manifests again (New-DwcpStaging); if scaling is inactive, install metrics-server in the cluster.")
{
    /// <summary>How long after a start the autoscaler may be without figures: metrics-server has those of a pod after two of its intervals, of a minute each.</summary>
    private static readonly TimeSpan FirstFigures = TimeSpan.FromMinutes(3);

    public override TimeSpan? TimeLimit => FirstFigures + TimeSpan.FromMinutes(1);

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
        if (await WaitForFiguresAsync(context, scaler, cancellationToken).ConfigureAwait(false) is var active && active?.Text("status") != "True"
            && !await context.PodsAreProcessesAsync().ConfigureAwait(false))
            problems.Add($"scaling is not active: {active?.Text("message") ?? "the controller has not reported"}");
        return CheckFinding.Judge(problems, 1, $"{minimum}..{maximum} replicas of Deployment dwcp-v3");
    }

    // Pods that have just started have no figures yet; with no metrics-server the message is another one.
    private static async Task<JsonObject?> WaitForFiguresAsync(ValidationContext context, JsonObject scaler, CancellationToken cancellationToken)
    {
        while (true)
        {
            var active = scaler.Condition("ScalingActive");
            if (active?.Text("status") == "True" || active?.Text("message") is not { } message
                || !(message.Contains("no metrics returned", StringComparison.Ordinal) || message.Contains("did not receive metrics", StringComparison.Ordinal))
                || active.Moment("lastTransitionTime") is not { } since || context.Now - since > FirstFigures)
                return active;
            await Task.Delay(context.Options.PollInterval, context.Time, cancellationToken).ConfigureAwait(false);
            scaler = await context.Connection.GetAsync(ClusterResource.HorizontalPodAutoscaler, context.Namespace, "dwcp-v3", cancellationToken).ConfigureAwait(false);
        }
    }
}
