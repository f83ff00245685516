using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The infrastructure below is as Terraform left it, and it is this cluster's.</summary>
internal sealed class TerraformCheck() : ValidationCheck(
    "infra-terraform", CheckCategory.Infrastructure, CheckSeverity.High, "Terraform's outputs are there and name this cluster, and nobody changed the infrastructure by other means",
    "Apply again (New-DwcpStaging -Infrastructure Aws), which puts back what differs; or make the change in the variables.")
{
    private static readonly string[] Outputs = ["region", "account", "cluster_name", "cluster_endpoint", "store_file_system_id", "data_address", "artifact_bucket"];

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(5);

    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => Task.FromResult(
        context.Options.TerraformDirectory is null ? "no directory of Terraform was given (-TerraformDirectory), so that this cluster's infrastructure is taken as somebody else's" : null);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var directory = context.Options.TerraformDirectory!;
        try
        {
            var (outputs, drift) = await context.Options.ReadInfrastructure(directory, cancellationToken).ConfigureAwait(false);
            var problems = Outputs.Where(o => string.IsNullOrEmpty(outputs.GetValueOrDefault(o)?.ToString())).Select(o => $"output {o} is missing").ToList();
            if (outputs.GetValueOrDefault("cluster_endpoint")?.ToString() is { Length: > 0 } endpoint && !SameHost(endpoint, context.Connection.Server))
                problems.Add($"output cluster_endpoint is {endpoint}, and the validated cluster is {context.Connection.Server}");
            problems.AddRange(drift.Changes.Select(c => $"{c.Address} was changed by other means ({c.Action})"));
            if (drift.IsDrifted && drift.Changes.Count == 0)
                problems.Add("Terraform would change its state, and names no resource");
            return CheckFinding.Judge(problems, 1, $"{outputs.Count} outputs of {directory}, no drift");
        }
        catch (DwcpStagingException e)
        {
            throw new InconclusiveException(e.Message);
        }
    }

    private static bool SameHost(string endpoint, string server) => Uri.TryCreate(endpoint, UriKind.Absolute, out var a) && Uri.TryCreate(server, UriKind.Absolute, out var b)
        && string.Equals(a.Host, b.Host, StringComparison.OrdinalIgnoreCase);
}
