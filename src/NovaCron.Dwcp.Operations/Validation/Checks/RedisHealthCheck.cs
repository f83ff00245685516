using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The cache runs, and every node is connected to it with the password.</summary>
internal sealed class RedisHealthCheck() : ValidationCheck(
    "health-redis", CheckCategory.Health, CheckSeverity.High, "Redis is ready and answers every node, authenticated",
    "Look at pod dwcp-v3-redis; if passwords differ, restart redis and nodes (New-DwcpStaging does after -RotateSecrets).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var redis = await context.PodsOfAsync("dwcp-v3-redis").ConfigureAwait(false);
        if (!redis.Any(WorkloadWaiter.IsReady))
            return CheckFinding.Fail($"pod {redis[0].Name()} is not ready");
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var target = (await context.DiagnosticsAsync(pod, "connectivity").ConfigureAwait(false)).Items("targets").FirstOrDefault(t => t.Text("target") == "redis")
                ?? throw new InconclusiveException($"pod {pod} says nothing about redis");
            var detail = target.Text("detail") ?? "";
            return target.Flag("ok") == true && detail.Contains("authenticated", StringComparison.Ordinal) ? null : $"pod {pod}: {detail}";
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"redis answers {nodes.Count} nodes, authenticated");
    }
}
