using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// A drill: the ConfigMap is given a mark, and every node must apply that revision in time. The mark moves no traffic and is no change of flag or
/// ceiling, but reaches the nodes on the way that those take. It is taken away again, after Ctrl+C too.
/// </summary>
internal sealed class FlagPropagationCheck() : ValidationCheck(
    "flags-propagation", CheckCategory.FeatureFlags, CheckSeverity.Critical, "Every node applies a changed ConfigMap in time, tried by a drill",
    "The node cannot watch its ConfigMap: look at its log and at Role dwcp-v3-node.")
{
    /// <summary>The mark of a drill; no node and no guardian reads it.</summary>
    public const string Mark = "dwcp.novacron.io/drill";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public override CheckPhase Phase => CheckPhase.Drill;

    /// <summary>Not on production: a precondition, and no switch.</summary>
    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => Task.FromResult(
        StagingNames.LooksLikeProduction(context.Namespace) || StagingNames.LooksLikeProduction(context.Connection.Context) ? "drills are never made in production" : null);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var lease = await DrillLease.TakeAsync(context, cancellationToken).ConfigureAwait(false);
        await using var _ = lease.ConfigureAwait(false);
        try
        {
            var started = context.Time.GetTimestamp();
            var marked = await MarkAsync(context, Guid.NewGuid().ToString("N")[..8], cancellationToken).ConfigureAwait(false);
            var revision = marked.Text("metadata", "resourceVersion") ?? throw new InconclusiveException("ConfigMap dwcp-v3-config has no resourceVersion");
            var times = await Task.WhenAll(nodes.Select(n => WaitAsync(context, n, revision, started, cancellationToken))).ConfigureAwait(false);
            var late = nodes.Zip(times).Where(t => t.Second is null).Select(t => string.Create(CultureInfo.InvariantCulture,
                $"pod {t.First} has not applied revision {revision} within {context.Profile.MaximumFlagDelay.TotalSeconds:0.#} s")).ToList();
            if (late.Count > 0)
                return CheckFinding.Judge(late, nodes.Count, "");
            var seconds = times.Select(t => t!.Value.TotalSeconds).ToList();
            return CheckFinding.Pass(string.Create(CultureInfo.InvariantCulture, $"{nodes.Count} nodes applied it within {seconds.Max():0.00} s, allowed are {context.Profile.MaximumFlagDelay.TotalSeconds:0.#} s"))
                with { Figures = [new CheckFigure("time to apply a changed ConfigMap", "s", seconds.Max(), seconds, HigherIsBetter: false)] };
        }
        finally
        {
            // Also after Ctrl+C and after the check's time is up.
            await MarkAsync(context, null, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Makes a new revision of the ConfigMap that changes nothing else; null takes the mark away.</summary>
    public static Task<JsonObject> MarkAsync(ValidationContext context, string? mark, CancellationToken cancellationToken) => context.Connection.PatchAsync(
        ClusterResource.ConfigMap, context.Namespace, RolloutNames.ConfigMap,
        new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Mark] = mark } } }, fieldManager: "novacron-dwcp-drill", cancellationToken: cancellationToken);

    /// <summary>Time until a pod reports the revision or a later one, or null if it did not in time.</summary>
    private static async Task<TimeSpan?> WaitAsync(ValidationContext context, string pod, string revision, long started, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await context.Connection.GetFromPodAsync(context.Namespace, pod, RolloutNames.DiagnosticsPort, "/flags", cancellationToken: cancellationToken).ConfigureAwait(false);
            var elapsed = context.Time.GetElapsedTime(started);
            if (!answer.IsSuccess)
                throw new InconclusiveException($"{answer.Target} answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}");
            var applied = answer.ReadJson().Text("revision");
            if (HasApplied(applied, revision))
                return elapsed <= context.Profile.MaximumFlagDelay ? elapsed : null;
            if (elapsed > context.Profile.MaximumFlagDelay)
                return null;
            await Task.Delay(Poll, context.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Revisions of one object only grow; somebody else may have written meanwhile.</summary>
    public static bool HasApplied(string? applied, string revision) => applied == revision
        || (ulong.TryParse(applied, NumberStyles.None, CultureInfo.InvariantCulture, out var has) && ulong.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && has > wanted);
}
