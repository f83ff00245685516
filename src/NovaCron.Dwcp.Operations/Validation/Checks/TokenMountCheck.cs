namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Only who talks to the API server has a token for it.</summary>
internal sealed class TokenMountCheck() : ValidationCheck(
    "security-token-mounts", CheckCategory.Security, CheckSeverity.Medium, "API tokens are mounted only where they are used",
    "Set automountServiceAccountToken: false, and an own service account for each workload.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var specs = await context.PodSpecsAsync().ConfigureAwait(false);
        var problems = new List<string>();
        foreach (var (where, spec) in specs)
        {
            var account = spec.Text("serviceAccountName") ?? "default";
            var mounted = spec.Flag("automountServiceAccountToken") ?? true;
            if (mounted && account is not ("dwcp-v3" or "dwcp-v3-guardian"))
                problems.Add($"{where} mounts a token of service account {account} and does not need one");
            if (account == "default")
                problems.Add($"{where} runs as the namespace's default service account");
        }

        return CheckFinding.Judge(problems, specs.Count, $"{specs.Count} pod specs: node and guardian mount a token, nothing else does");
    }
}
