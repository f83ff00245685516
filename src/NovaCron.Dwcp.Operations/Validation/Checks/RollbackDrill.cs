using System.Globalization;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// What a rollback does to a running deployment, while clients of v1 and forced clients of v3 move data: a new revision of flag 0, proof on every pod,
/// a rolling restart, verification. Without the lock and the incident of a real one, which would stop the next rollout.
/// </summary>
/// <param name="ProvenAfter">Until every old pod had applied the revision at 0 %.</param>
/// <param name="Took">Until every new pod was at 0 % and healthy; null when that did not come in time.</param>
/// <param name="State">How far it had come when its time was over.</param>
/// <param name="Transfers">Transfers that clients made meanwhile.</param>
/// <param name="Lost">What became of those that failed.</param>
/// <param name="Lingering">Old pods that were still there after their grace period.</param>
internal sealed record RollbackDrill(TimeSpan? ProvenAfter, TimeSpan? Took, string State, int Transfers, IReadOnlyList<string> Lost, IReadOnlyList<string> Lingering)
{
    /// <summary>Of each version, however fast the restart is.</summary>
    private const int LeastTransfers = 2;

    /// <summary>Between two transfers of a client: the drill is to meet the pods at work, not to keep them from starting.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan PodTimeout = TimeSpan.FromSeconds(5);

    public static Task<RollbackDrill> ReadAsync(ValidationContext context, CancellationToken cancellationToken) => context.OnceAsync("rollback-drill", () => RunAsync(context, cancellationToken));

    /// <summary>Not on production: a precondition, and no switch.</summary>
    public static async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        StagingNames.LooksLikeProduction(context.Namespace) || StagingNames.LooksLikeProduction(context.Connection.Context) ? "drills are never made in production"
        : !await context.ReachesDataAsync(CancellationToken.None).ConfigureAwait(false)
            ? "the Service takes no connection from this machine, and a port-forward ends with its pod, so that no client can be watched here (give -DataAddress, or validate from within the cluster)"
            : null;

    private static async Task<RollbackDrill> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        if (context.Options.TransferProbe is null)
            throw new InconclusiveException("no transfer client was given to the validation, so that nothing could be lost");
        var key = await context.SecretValueAsync("diagnostics-key").ConfigureAwait(false);
        var cluster = new KubernetesRolloutCluster(context.Connection, context.Namespace, context.Time);
        var lease = await DrillLease.TakeAsync(context, cancellationToken).ConfigureAwait(false);
        await using var _ = lease.ConfigureAwait(false);
        var deployment = await context.FindAsync(ClusterResource.Deployment, RolloutNames.NodeDeployment).ConfigureAwait(false)
            ?? throw new InconclusiveException($"Deployment {RolloutNames.NodeDeployment} does not exist");
        var grace = TimeSpan.FromSeconds(deployment.Whole("spec", "template", "spec", "terminationGracePeriodSeconds") ?? 30);
        var old = (await cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false)).Where(p => !p.Terminating).ToList();
        if (old.Count == 0)
            throw new InconclusiveException($"namespace {context.Namespace} has no node pods");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clients = new[] { 1, 3 }.Select(version => TransferAsync(context, version, version == 3 ? key : null, stop)).ToList();
        var started = context.Time.GetTimestamp();
        var limit = context.Profile.MaximumRollback;
        TimeSpan? proven = null, took = null;
        var state = "";
        IReadOnlyList<RolloutPod> left = [];
        try
        {
            var mark = $"drill-{Guid.NewGuid().ToString("N")[..8]}";
            var written = await FlagPropagationCheck.MarkAsync(context, mark, cancellationToken).ConfigureAwait(false);
            var revision = written.Text("metadata", "resourceVersion") ?? throw new InconclusiveException("ConfigMap dwcp-v3-config has no resourceVersion");
            proven = await UntilAsync(async () => (state = await AtZeroAsync(context, old, revision, cancellationToken).ConfigureAwait(false)).Length == 0).ConfigureAwait(false);
            if (proven is not null)
            {
                await cluster.RestartDeploymentAsync(mark, cancellationToken).ConfigureAwait(false);
                took = await UntilAsync(async () =>
                {
                    var now = await cluster.ReadDeploymentAsync(cancellationToken).ConfigureAwait(false);
                    if (now is not { IsSettled: true } || now.RestartMark != mark)
                    {
                        state = now is null ? "the Deployment is gone" : string.Create(CultureInfo.InvariantCulture, $"{now.Updated} of {now.Desired} pods are new, {now.Available} available");
                        return false;
                    }

                    var pods = (await cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false)).Where(p => p is { Ready: true, Terminating: false } && !old.Exists(o => o.Uid == p.Uid)).ToList();
                    state = pods.Count < now.Desired ? string.Create(CultureInfo.InvariantCulture, $"{pods.Count} of {now.Desired} new pods are ready") : await AtZeroAsync(context, pods, revision, cancellationToken).ConfigureAwait(false);
                    return state.Length == 0;
                }).ConfigureAwait(false);
                if (took is null) state += RolloutPod.DescribeUnscheduled(await cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false));
            }

            // Old pods finish what they have; then they are gone, by themselves or killed.
            var ending = context.Time.GetTimestamp();
            while (true)
            {
                left = [.. (await cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false)).Where(p => old.Exists(o => o.Uid == p.Uid))];
                if (took is null || left.Count == 0 || context.Time.GetElapsedTime(ending) > grace)
                    break;
                await Task.Delay(context.Options.PollInterval, context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // Also after Ctrl+C: the clients end, and the mark goes.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(clients)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await FlagPropagationCheck.MarkAsync(context, null, CancellationToken.None).ConfigureAwait(false);
        }

        var results = await Task.WhenAll(clients).ConfigureAwait(false);
        return new RollbackDrill(proven, took, state, results.Sum(r => r.Done), [.. results.SelectMany(r => r.Lost)], took is null ? [] : [.. left.Select(p => p.Name)]);

        async Task<TimeSpan?> UntilAsync(Func<Task<bool>> reached)
        {
            while (true)
            {
                var done = await reached().ConfigureAwait(false);
                var elapsed = context.Time.GetElapsedTime(started);
                if (done || elapsed > limit)
                    return done && elapsed <= limit ? elapsed : null;
                await Task.Delay(context.Options.PollInterval, context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One transfer after the other, until told to stop; at least a few.</summary>
    private static async Task<(int Done, List<string> Lost)> TransferAsync(ValidationContext context, int version, string? canaryKey, CancellationTokenSource stop)
    {
        var lost = new List<string>();
        var done = 0;
        while (done < LeastTransfers || !stop.IsCancellationRequested)
        {
            var number = (version * 10_000) + done;
            var result = await context.TransferAsync($"drill-{number}", r => r with { Bytes = 256 << 10, Number = number, CanaryKey = canaryKey, Versions = canaryKey is null ? [1] : [1, 3] }).ConfigureAwait(false);
            done++;
            if (!result.Succeeded || !result.HashesEqual)
                lost.Add($"v{version} transfer {done}: {(result.Detail.Length > 0 ? result.Detail : "the data read back differs")}");
            else if (result.Version != version)
                lost.Add($"v{version} transfer {done} was answered by v{result.Version}");
            // Until told to stop; an in-memory client is paused by the poll's own interval.
            await Task.Delay(context.Options.PollInterval < Pause ? context.Options.PollInterval : Pause, context.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (done, lost);
    }

    /// <summary>Empty when every pod has applied the revision, is at 0 % and healthy; else what is not so.</summary>
    private static async Task<string> AtZeroAsync(ValidationContext context, IReadOnlyList<RolloutPod> pods, string revision, CancellationToken cancellationToken)
    {
        foreach (var pod in pods)
        {
            try
            {
                var answer = await context.Connection.GetFromPodAsync(context.Namespace, pod.Name, RolloutNames.DiagnosticsPort, "/flags", timeout: PodTimeout, cancellationToken: cancellationToken).ConfigureAwait(false);
                if (!answer.IsSuccess)
                    return $"{answer.Target} answered {(int)answer.StatusCode}";
                var flags = answer.ReadJson();
                if (!FlagPropagationCheck.HasApplied(flags.Text("revision"), revision) || flags.Whole("effective") is not 0)
                    return $"pod {pod.Name} is at revision {flags.Text("revision") ?? "none"} with {flags.Text("effective") ?? "an unknown"} %";
                var health = await context.Connection.GetFromPodAsync(context.Namespace, pod.Name, RolloutNames.HttpPort, "/health", timeout: PodTimeout, cancellationToken: cancellationToken).ConfigureAwait(false);
                if (!health.IsSuccess)
                    return $"{health.Target} answered {(int)health.StatusCode}";
            }
            catch (DwcpClusterException e)
            {
                // A pod that starts or stops does not answer for a moment.
                return e.Message;
            }
        }

        return "";
    }
}
