using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What dashboards, alerts and the guardian need is exported by every pod.</summary>
internal sealed class MetricFamiliesCheck() : ValidationCheck(
    "monitoring-families", CheckCategory.Monitoring, CheckSeverity.High, "Every node exports the agreed metrics, with numbers in them",
    "Look at /metrics of the pod that the detail names.")
{
    private static readonly string[] Required =
    [
        "dwcp_v3_rollout_percentage", "dwcp_flag_revision", "dwcp_requests_total", "dwcp_request_duration_seconds_bucket", "dwcp_error_rate", "dwcp_latency_p99_ms",
        "dwcp_throughput_bytes", "dwcp_compression_ratio", "dwcp_component_health", "dwcp_transfer_bytes_total", "dwcp_sessions_active", "dwcp_sessions_started_total",
        "dwcp_corruption_total", "dwcp_build_info",
    ];

    /// <summary>Ratios over the last minute, which have no value without traffic.</summary>
    private static readonly string[] MayBeNaN = ["dwcp_error_rate", "dwcp_latency_p99_ms", "dwcp_compression_ratio"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var page = await context.MetricsAsync(pod).ConfigureAwait(false);
            var missing = Required.Where(r => !page.Any(s => s.Name == r)).ToList();
            if (missing.Count > 0)
                return $"pod {pod} does not export {string.Join(", ", missing)}";
            var bad = page.FirstOrDefault(s => s.Name.StartsWith("dwcp_", StringComparison.Ordinal) && !double.IsFinite(s.Value) && !MayBeNaN.Contains(s.Name));
            return bad is null ? null : $"pod {pod} exports {bad.Name} as {bad.Value.ToString(CultureInfo.InvariantCulture)}";
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{Required.Length} families in {nodes.Count} pods");
    }
}
