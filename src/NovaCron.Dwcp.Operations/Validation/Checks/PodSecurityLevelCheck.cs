using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The API server itself refuses pods that could harm the cluster.</summary>
internal sealed class PodSecurityLevelCheck() : ValidationCheck(
    "infra-pod-security", CheckCategory.Infrastructure, CheckSeverity.Critical, "The namespace enforces the restricted Pod Security Standard",
    "Label the namespace pod-security.kubernetes.io/enforce=restricted; New-DwcpStaging does.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var space = await context.FindAsync(ClusterResource.Namespace, context.Namespace).ConfigureAwait(false)
            ?? throw new InconclusiveException($"namespace {context.Namespace} does not exist");
        var level = space.Text("metadata", "labels", "pod-security.kubernetes.io/enforce");
        return level == "restricted"
            ? CheckFinding.Pass("enforce=restricted")
            : CheckFinding.Fail($"enforce is '{level ?? "absent"}', expected restricted");
    }
}
