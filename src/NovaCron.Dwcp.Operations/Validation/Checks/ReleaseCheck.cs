namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Record, configuration and running nodes agree on the release.</summary>
internal sealed class ReleaseCheck() : ValidationCheck(
    "infra-release", CheckCategory.Infrastructure, CheckSeverity.High, "Record, configuration and every node name the same release",
    "Deploy again (New-DwcpStaging) and let it finish.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var release = (await context.RecordAsync().ConfigureAwait(false)).Release;
        var configured = (await context.ConfigurationAsync().ConfigureAwait(false)).Text("data", "DWCP_VERSION");
        var problems = new List<string>();
        if (configured != release)
            problems.Add($"DWCP_VERSION is '{configured}', deployed was {release}");
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        problems.AddRange(await context.OfEachNodeAsync(async pod =>
        {
            var version = (await context.DiagnosticsAsync(pod, "configuration").ConfigureAwait(false)).Text("version");
            return version == release ? null : $"pod {pod} runs as '{version}', deployed was {release}";
        }).ConfigureAwait(false));
        return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes run {release}");
    }
}
