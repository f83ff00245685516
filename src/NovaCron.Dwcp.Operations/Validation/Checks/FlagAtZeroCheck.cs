namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Production starts at 0 %.</summary>
internal sealed class FlagAtZeroCheck() : ValidationCheck(
    "flags-zero", CheckCategory.FeatureFlags, CheckSeverity.Critical, "The rollout is at 0 %, in the ConfigMap and on every node",
    "Invoke-DwcpRollback, or set the flag to 0.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var data = (await context.ConfigurationAsync().ConfigureAwait(false))["data"];
        var problems = new List<string>();
        foreach (var key in new[] { "FEATURE_FLAG_V3_ROLLOUT", "FEATURE_FLAG_V3_CEILING" }.Where(k => data.Text(k) is not (null or "0")))
            problems.Add($"{key} is '{data.Text(key)}', expected 0");
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        problems.AddRange(await context.OfEachNodeAsync(async pod =>
        {
            var effective = (await context.FlagsAsync(pod).ConfigureAwait(false)).Whole("effective") ?? throw new InconclusiveException($"pod {pod} does not say what percent is in force");
            return effective == 0 ? null : $"pod {pod} is at {effective} %";
        }).ConfigureAwait(false));
        return CheckFinding.Judge(problems, nodes.Count, $"0 % in the ConfigMap and on {nodes.Count} nodes");
    }
}
