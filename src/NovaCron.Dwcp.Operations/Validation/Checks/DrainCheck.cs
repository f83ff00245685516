using System.Globalization;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A pod that stops has left its Service first and has time to finish.</summary>
internal sealed class DrainCheck() : ValidationCheck(
    "health-drain", CheckCategory.Health, CheckSeverity.High, "Nodes leave the Service before they stop, and an update never takes one away early",
    "Apply the manifests again (New-DwcpStaging).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var deployment = await context.FindAsync(ClusterResource.Deployment, "dwcp-v3").ConfigureAwait(false)
            ?? throw new InconclusiveException("Deployment dwcp-v3 does not exist");
        var spec = deployment.At("spec", "template", "spec");
        var node = spec.Items("containers").FirstOrDefault(c => c.Text("name") == "node") ?? throw new InconclusiveException("Deployment dwcp-v3 has no container node");
        var problems = new List<string>();
        if (node.At("lifecycle", "preStop") is null)
            problems.Add("there is no preStop hook: new sessions reach a stopping pod");
        var grace = spec.Whole("terminationGracePeriodSeconds") ?? 30;
        var drain = node.Items("env").FirstOrDefault(e => e.Text("name") == "DWCP_GRACE_SECONDS").Text("value");
        if (!long.TryParse(drain, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds + (node.Whole("lifecycle", "preStop", "sleep", "seconds") ?? 0) >= grace)
            problems.Add($"draining may take {drain ?? "the default of 25"} s and the pod is killed after {grace} s");
        if (deployment.Whole("spec", "strategy", "rollingUpdate", "maxUnavailable") is not 0)
            problems.Add($"an update may take away {deployment.Text("spec", "strategy", "rollingUpdate", "maxUnavailable") ?? "25 %"} nodes before new ones are ready, expected 0");
        return CheckFinding.Judge(problems, 1, $"preStop, {seconds} s to drain within {grace} s, maxUnavailable 0");
    }
}
