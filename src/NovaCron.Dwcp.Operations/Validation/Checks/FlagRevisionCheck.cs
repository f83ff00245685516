using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>All nodes have applied the newest flag.</summary>
internal sealed class FlagRevisionCheck() : ValidationCheck(
    "flags-revision", CheckCategory.FeatureFlags, CheckSeverity.Critical, "Every node has applied the ConfigMap's newest revision",
    "The node cannot watch its ConfigMap: look at its log and at Role dwcp-v3-node.")
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var started = context.Time.GetTimestamp();
        while (true)
        {
            // Both afresh: a change just before this check has the profile's time to arrive.
            var map = await context.Connection.GetAsync(ClusterResource.ConfigMap, context.Namespace, "dwcp-v3-config", cancellationToken).ConfigureAwait(false);
            var revision = map.Text("metadata", "resourceVersion") ?? throw new InconclusiveException("ConfigMap dwcp-v3-config has no resourceVersion");
            var problems = await context.OfEachNodeAsync(async pod =>
            {
                var answer = await context.Connection.GetFromPodAsync(context.Namespace, pod, 8081, "/flags", cancellationToken: cancellationToken).ConfigureAwait(false);
                if (!answer.IsSuccess)
                    return $"{answer.Target} answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}";
                var flags = answer.ReadJson();
                if (flags.Flag("known") != true)
                    return $"pod {pod} has not read its flag yet";
                // Nodes hear from the API server at least every six minutes, when their watch is renewed.
                if (flags.At("stalenessSeconds")?.GetValue<double>() is not { } staleness || !(staleness <= Silence.TotalSeconds))
                    return $"pod {pod} heard from the API server {flags.Text("stalenessSeconds") ?? "an unknown number of"} s ago, allowed are {Silence.TotalSeconds:0} s";
                var applied = flags.Text("revision");
                return applied == revision ? null : $"pod {pod} has applied revision {applied ?? "none"}, the ConfigMap is at {revision}";
            }).ConfigureAwait(false);
            if (problems.Count == 0 || context.Time.GetElapsedTime(started) > context.Profile.MaximumFlagDelay)
                return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes are at revision {revision}");
            await Task.Delay(Poll, context.Time, cancellationToken).ConfigureAwait(false);
        }
    }
}
