using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Targets that were made for a small machine let nothing into production.</summary>
internal sealed class TargetsCheck() : ValidationCheck(
    "infra-targets", CheckCategory.Infrastructure, CheckSeverity.Critical, "Production is judged by production's targets",
    "Validate with -Profile Production.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var deployment = await context.FindAsync(ClusterResource.Deployment, "dwcp-v3").ConfigureAwait(false)
            ?? throw new InconclusiveException("Deployment dwcp-v3 does not exist");
        var node = deployment.Items("spec", "template", "spec", "containers").FirstOrDefault(c => c.Text("name") == "node");
        var environment = node.Items("env").FirstOrDefault(e => e.Text("name") == "DWCP_ENVIRONMENT").Text("value") ?? throw new InconclusiveException("the nodes do not say what environment they are in");
        var isProduction = environment == "production" || StagingNames.LooksLikeProduction(context.Namespace) || StagingNames.LooksLikeProduction(context.Connection.Context);
        return isProduction && context.Profile.PodsAreProcesses
            ? CheckFinding.Fail($"namespace {context.Namespace} is production, and the targets are those of profile {context.Profile.Name}")
            : CheckFinding.Pass($"environment {environment}, targets of profile {context.Profile.Name}");
    }
}
