using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The namespace is there, in use, and ours.</summary>
internal sealed class NamespaceCheck() : ValidationCheck(
    "infra-namespace", CheckCategory.Infrastructure, CheckSeverity.High, "The namespace exists, is active and carries the standard labels",
    "Deploy with New-DwcpStaging, which creates and labels it.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var space = await context.FindAsync(ClusterResource.Namespace, context.Namespace).ConfigureAwait(false);
        if (space is null)
            return CheckFinding.Fail($"namespace {context.Namespace} does not exist");
        var phase = space.Text("status", "phase");
        if (phase != "Active")
            return CheckFinding.Fail($"namespace {context.Namespace} is {phase ?? "without a phase"}, expected Active");
        var part = space.Text("metadata", "labels", "app.kubernetes.io/part-of");
        return part == "novacron-dwcp"
            ? CheckFinding.Pass($"namespace {context.Namespace} is active")
            : CheckFinding.Fail($"label app.kubernetes.io/part-of is '{part}', expected novacron-dwcp");
    }
}
