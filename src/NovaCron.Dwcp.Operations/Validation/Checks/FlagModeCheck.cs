namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>One deployment serves both kinds of paths.</summary>
internal sealed class FlagModeCheck() : ValidationCheck(
    "flags-mode", CheckCategory.FeatureFlags, CheckSeverity.High, "The mode is hybrid",
    "Deploy with mode: hybrid.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var mode = (await context.ConfigurationAsync().ConfigureAwait(false)).Text("data", "DWCP_MODE");
        return mode == "hybrid" ? CheckFinding.Pass("DWCP_MODE is hybrid") : CheckFinding.Fail($"DWCP_MODE is '{mode ?? "absent"}', expected hybrid");
    }
}
