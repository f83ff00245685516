namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nodes run with the settings that the ConfigMap shows.</summary>
internal sealed class EffectiveConfigurationCheck() : ValidationCheck(
    "flags-effective-configuration", CheckCategory.FeatureFlags, CheckSeverity.High, "The effective configuration of every node equals the ConfigMap",
    "Restart the nodes: settings other than flag and ceiling are read at their start.")
{
    private static readonly (string Key, string Field)[] Pairs =
    [
        ("DWCP_MODE", "mode"), ("PORT", "port"), ("PROMETHEUS_PORT", "prometheusPort"), ("REDIS_URL", "redisUrl"), ("DWCP_VERSION", "version"),
    ];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var data = (await context.ConfigurationAsync().ConfigureAwait(false))["data"];
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var effective = await context.DiagnosticsAsync(pod, "configuration").ConfigureAwait(false);
            var wrong = Pairs.Where(p => effective.Text(p.Field) != data.Text(p.Key)).Select(p => $"{p.Field} '{effective.Text(p.Field)}' instead of '{data.Text(p.Key)}'").ToList();
            foreach (var (key, field) in new[] { ("FEATURE_FLAG_V3_ROLLOUT", "flag"), ("FEATURE_FLAG_V3_CEILING", "ceiling") })
            {
                if (effective.Text("flags", field) != (data.Text(key) ?? "0"))
                    wrong.Add($"{field} '{effective.Text("flags", field)}' instead of '{data.Text(key) ?? "0"}'");
            }

            return wrong.Count == 0 ? null : $"pod {pod} runs with {string.Join(", ", wrong)}";
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes run with the ConfigMap's settings");
    }
}
