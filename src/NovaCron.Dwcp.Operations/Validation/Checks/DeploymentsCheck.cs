using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Node, guardian and redis are deployed and have finished rolling out.</summary>
internal sealed class DeploymentsCheck() : ValidationCheck(
    "infra-deployments", CheckCategory.Infrastructure, CheckSeverity.Critical, "The three Deployments have rolled out their newest generation",
    "kubectl describe deployment shows why; New-DwcpStaging waits and says it too.")
{
    private static readonly string[] Names = ["dwcp-v3", "dwcp-v3-guardian", "dwcp-v3-redis"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var name in Names)
        {
            if (await context.FindAsync(ClusterResource.Deployment, name).ConfigureAwait(false) is not { } deployment)
            {
                problems.Add($"Deployment {name} does not exist");
                continue;
            }

            var (ready, desired, isDone) = WorkloadWaiter.Judge(deployment);
            if (desired == 0)
                problems.Add($"Deployment {name} is scaled to 0");
            else if (!isDone)
                problems.Add($"Deployment {name} has {ready} of {desired} pods ready on its newest generation");
        }

        return CheckFinding.Judge(problems, Names.Length, "dwcp-v3, dwcp-v3-guardian and dwcp-v3-redis are complete");
    }
}
