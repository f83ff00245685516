using System.Globalization;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Rollback;

/// <summary>
/// Rolls v3 back to 0 % and proves it. Needs neither guardian nor metrics nor a DwcpRollout; used by the guardian and by Invoke-DwcpRollback.
/// Every step may be repeated: a second rollback of the same incident finishes what the first one left.
/// </summary>
public sealed class RollbackService(IRolloutCluster cluster, TimeProvider? time = null)
{
    /// <summary>A v3 session counter that stood still this long after the revision was applied has stopped: a node applies before it answers.</summary>
    private static readonly TimeSpan CounterWindow = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>How long logs and metrics of all pods together may take; they must not hold up the restart of bad pods.</summary>
    private static readonly TimeSpan SavingTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long one pod may take for one answer at the verification.</summary>
    private static readonly TimeSpan PodTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Characters of logs and metrics kept in the cluster. A ConfigMap holds 1 MiB, and JSON escapes some of them.</summary>
    private const int MaximumEvidence = 400_000;

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    public RollbackService(ClusterConnection connection, string @namespace, TimeProvider? time = null)
        : this(new KubernetesRolloutCluster(connection, @namespace, time), time)
    {
    }

    /// <summary>Flag 0 first, waiting for nothing; then proof on every ready pod, logs and metrics saved, rolling restart, verification, report.</summary>
    /// <exception cref="DwcpRolloutException">The flag could not be written: nothing was rolled back.</exception>
    public async Task<DwcpRollbackReport> RollbackAsync(
        RollbackOptions options, IProgress<RollbackStep>? progress = null, CancellationToken cancellationToken = default)
    {
        var startedAt = options.DecidedAt ?? _time.GetUtcNow();
        var incident = options.Incident ?? NewIncident(startedAt);
        var journal = new Journal(_time, progress);

        var configuration = await WriteFlagAsync(options, incident, cancellationToken).ConfigureAwait(false);
        var writtenAt = journal.Done("Flag", $"Flag and ceiling are 0 in revision {configuration.Revision}; locked by {incident}.");
        var flagZeroAt = options.FlagZeroAt ?? writtenAt;

        var requestedBy = options.RequestedBy ?? await journal.TryAsync("Identity", () => cluster.ReadIdentityAsync(cancellationToken)).ConfigureAwait(false) ?? "unknown";
        var rollout = await journal.TryAsync("Rollout", () => cluster.ReadRolloutAsync(cancellationToken)).ConfigureAwait(false);

        // Nodes without v1 do not follow the flag; what had it takes their place first, and proves then. Their logs would be gone with them.
        var saved = configuration.V1Archive is null ? null : await SaveEvidenceAsync(incident, options.OutputDirectory, journal, cancellationToken).ConfigureAwait(false);
        var restored = configuration.V1Archive is null || await RestoreV1Async(configuration.V1Archive, incident, options, journal, cancellationToken).ConfigureAwait(false);

        var pods = await ProveAsync(configuration.Revision, flagZeroAt, options.ProofTimeout, journal, cancellationToken).ConfigureAwait(false);
        DateTimeOffset? provenAt = pods is not null && pods.All(pod => pod.Proven || pod.Deleted) ? _time.GetUtcNow() : null;
        if (pods is not null)
            journal.Add("Proof", provenAt is not null, provenAt is not null
                ? $"{Count(pods.Count(pod => pod.Proven), "pod")} proved that no v3 session starts; {pods.Count(pod => pod.Deleted)} did not answer and were deleted."
                : $"Not proven on {string.Join(", ", pods.Where(pod => !pod.Proven && !pod.Deleted).Select(pod => pod.Pod))}.");

        await CheckCapacityAsync(journal, cancellationToken).ConfigureAwait(false);
        saved ??= await SaveEvidenceAsync(incident, options.OutputDirectory, journal, cancellationToken).ConfigureAwait(false);

        DateTimeOffset? restartedAt = null;
        if (options.Restart && restored) restartedAt = await RestartAsync(incident, options.RestartTimeout, journal, cancellationToken).ConfigureAwait(false);
        var verified = await VerifyAsync(configuration.Revision, journal, cancellationToken).ConfigureAwait(false);

        var report = new DwcpRollbackReport
        {
            Incident = incident,
            Namespace = cluster.Namespace,
            Reason = options.Reason,
            Trigger = options.Trigger,
            RequestedBy = requestedBy,
            StartedAt = startedAt,
            PercentBefore = options.PercentBefore ?? PercentBefore(rollout?.Status, incident),
            FlagZeroAt = flagZeroAt,
            Revision = configuration.Revision,
            ProvenAt = provenAt,
            RestartedAt = restartedAt,
            CompletedAt = _time.GetUtcNow(),
            Pods = pods ?? [],
            Timeline = journal.Steps,
            Files = saved,
            Succeeded = provenAt is not null && verified && (!options.Restart || restartedAt is not null),
            Problems = journal.Problems,
        };
        return await PublishAsync(report, rollout, options.OutputDirectory, journal, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An id that sorts by time and is a valid part of an object's name.</summary>
    public static string NewIncident(DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd-HHmmss}-{Guid.NewGuid().ToString("N")[..6]}");

    /// <summary>A guardian that lives has seen the flag fall by now and has set its percent to 0; it keeps what it was.</summary>
    private static int? PercentBefore(DwcpRolloutStatus? status, string incident) => status?.Rollback is { } rollback && rollback.Incident == incident ? rollback.PercentBefore : status?.Percent;

    /// <summary>One unconditional patch of flag, ceiling and lock; whoever writes at the same time, the last word is 0 or a conflict, and a conflict is tried again.</summary>
    private async Task<RolloutConfiguration> WriteFlagAsync(RollbackOptions options, string incident, CancellationToken cancellationToken)
    {
        // v1 comes back in the same write: no node ever sees 0 % without it.
        var patch = new RolloutConfigurationPatch { Flag = 0, Ceiling = 0, V1Enabled = true, LockedBy = incident, LockReason = options.Reason, LockTrigger = options.Trigger };
        var began = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await cluster.PatchConfigurationAsync(patch, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsFailure(e))
            {
                // What is not there, or not allowed, will not be a second later; the operator is to know at once.
                var final = e is DwcpClusterException { Failure: ClusterFailure.NotFound or ClusterFailure.Forbidden };
                if (final || _time.GetElapsedTime(began) >= options.FlagTimeout)
                    throw new DwcpRolloutException("FlagNotWritten",
                        $"Flag {RolloutNames.FlagKey} in ConfigMap {cluster.Namespace}/{RolloutNames.ConfigMap} could not be set to 0 in {attempt} attempts: {e.Message} " +
                        $"NOTHING WAS ROLLED BACK. Try: kubectl -n {cluster.Namespace} patch configmap {RolloutNames.ConfigMap} --type merge " +
                        $"-p '{{\"data\":{{\"{RolloutNames.FlagKey}\":\"0\",\"{RolloutNames.CeilingKey}\":\"0\"}}}}'", e);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(50 << Math.Min(attempt, 5), 1000)), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Proof of every ready pod, pods that become ready meanwhile included. Null when the pods could not even be listed.</summary>
    private async Task<IReadOnlyList<PodProof>?> ProveAsync(
        string revision, DateTimeOffset flagZeroAt, TimeSpan timeout, Journal journal, CancellationToken cancellationToken)
    {
        var proofs = new Dictionary<string, PodProof>(StringComparer.Ordinal);
        while (true)
        {
            var pods = await journal.TryAsync("Proof", () => RetryAsync(cluster.ListPodsAsync, timeout, cancellationToken)).ConfigureAwait(false);
            if (pods is null) return null;
            var open = pods.Where(pod => pod is { Ready: true, Terminating: false } && !proofs.ContainsKey(Key(pod))).ToList();
            if (open.Count == 0) return [.. proofs.Values];
            var results = await Task.WhenAll(open.Select(pod => ProvePodAsync(pod, revision, flagZeroAt, timeout, cancellationToken))).ConfigureAwait(false);
            for (var i = 0; i < open.Count; i++)
            {
                proofs[Key(open[i])] = results[i];
                if (!results[i].Proven) journal.Add("Proof", results[i].Deleted, $"Pod {results[i].Pod}: {results[i].Detail}");
            }
        }

        static string Key(RolloutPod pod) => pod.Name + "/" + pod.Uid;
    }

    private async Task<PodProof> ProvePodAsync(RolloutPod pod, string revision, DateTimeOffset flagZeroAt, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        NodeFlags? applied = null;
        long appliedStamp = 0;
        var problem = "did not answer";
        using var limit = new CancellationTokenSource(timeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            while (true)
            {
                try
                {
                    var answer = await cluster.GetFromPodAsync(pod, RolloutNames.DiagnosticsPort, "/flags", linked.Token).ConfigureAwait(false);
                    var flags = ReadFlags(answer);
                    if (!flags.HasV1)
                        return new PodProof(pod.Name, false, flags.Revision, flags.V3Started, false, _time.GetUtcNow() - flagZeroAt,
                            "has no v1 and stays on v3: without it nobody would be served. Deploy an image with v1 (the archive is a ConfigMap " + RolloutNames.V1ArchivePrefix + "...)");
                    if (!flags.HasApplied(revision) || flags.Effective != 0)
                        (applied, problem) = (null, $"is at revision {flags.Revision} with {flags.Effective} %, revision {revision} is needed");
                    else if (applied is null || flags.V3Started != applied.V3Started)
                        (applied, appliedStamp, problem) = (flags, _time.GetTimestamp(), "still starts v3 sessions");
                    else if (_time.GetElapsedTime(appliedStamp) >= CounterWindow)
                        return new PodProof(pod.Name, true, flags.Revision, flags.V3Started, false, _time.GetUtcNow() - flagZeroAt,
                            $"applied revision {flags.Revision}; v3 session counter stands at {flags.V3Started}");
                }
                catch (Exception e) when (IsFailure(e))
                {
                    (applied, problem) = (null, e.Message);
                }
                await Task.Delay(PollInterval, _time, linked.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The pod had its time.
        }
        problem = $"no proof within {_time.GetElapsedTime(began).TotalSeconds:0.#} s ({problem.TrimEnd('.')})";
        try
        {
            await cluster.DeletePodAsync(pod.Name, cancellationToken).ConfigureAwait(false);
            return new PodProof(pod.Name, false, applied?.Revision, applied?.V3Started, true, _time.GetUtcNow() - flagZeroAt, problem + "; deleted");
        }
        catch (Exception e) when (IsFailure(e))
        {
            return new PodProof(pod.Name, false, applied?.Revision, applied?.V3Started, false, _time.GetUtcNow() - flagZeroAt, $"{problem}; could not be deleted either: {e.Message}");
        }
    }

    /// <summary>
    /// What the pods knew, before the restart takes it away: whole in the directory, the ends of it in the cluster. A pod that gives nothing is a problem
    /// in the report, never a reason to stop.
    /// </summary>
    private async Task<IReadOnlyList<string>> SaveEvidenceAsync(string incident, string? directory, Journal journal, CancellationToken cancellationToken)
    {
        var pods = await journal.TryAsync("Evidence", () => cluster.ListPodsAsync(cancellationToken)).ConfigureAwait(false);
        if (pods is null) return [];
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(SavingTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        await Task.WhenAll(pods.SelectMany(pod => new[]
        {
            ReadAsync(pod.Name + ".log", () => cluster.ReadPodLogAsync(pod.Name, previous: false, linked.Token)),
            pod.Restarts > 0 ? ReadAsync(pod.Name + ".previous.log", () => cluster.ReadPodLogAsync(pod.Name, previous: true, linked.Token)) : Task.CompletedTask,
            pod.Ready ? ReadAsync(pod.Name + ".metrics.txt", async () => (await cluster.GetFromPodAsync(pod, RolloutNames.MetricsPort, "/metrics", linked.Token).ConfigureAwait(false)).Body)
                : Task.CompletedTask,
        })).ConfigureAwait(false);

        var name = RolloutNames.IncidentConfigMapPrefix + incident + "-evidence";
        await journal.TryAsync("Evidence", () => CreateDocumentAsync(name, JsonSerializer.Serialize(Ends(texts), RolloutJson.Options), cancellationToken)).ConfigureAwait(false);
        var files = directory is null ? [] : await journal.TryAsync("Evidence", () => WriteFilesAsync(texts, Path.Combine(directory, incident), cancellationToken)).ConfigureAwait(false) ?? [];
        journal.Add("Evidence", true, $"{Count(texts.Count, "file")} of logs and metrics saved in ConfigMap {name}{(files.Count > 0 ? $" and in {Path.Combine(directory!, incident)}" : "")}.");
        return files;

        async Task ReadAsync(string file, Func<Task<string>> read)
        {
            try
            {
                var text = await read().ConfigureAwait(false);
                lock (texts) texts[file] = text;
            }
            catch (Exception e) when (IsFailure(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                journal.Add("Evidence", false, $"{file} was not saved: {(e is OperationCanceledException ? "no answer in time" : e.Message)}");
            }
        }
    }

    private static async Task<IReadOnlyList<string>> WriteFilesAsync(IReadOnlyDictionary<string, string> texts, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var files = new List<string>();
        foreach (var (name, text) in texts)
        {
            files.Add(Path.Combine(folder, name));
            await File.WriteAllTextAsync(files[^1], text, cancellationToken).ConfigureAwait(false);
        }
        return files;
    }

    /// <summary>The end of every text, such that all of them fit into one ConfigMap: what led to the rollback stands at the end of a log.</summary>
    private static Dictionary<string, string> Ends(IReadOnlyDictionary<string, string> texts)
    {
        var share = MaximumEvidence / Math.Max(1, texts.Count);
        return texts.ToDictionary(text => text.Key, text => text.Value.Length <= share ? text.Value : text.Value[^share..], StringComparer.Ordinal);
    }

    /// <summary>Creates a document; one that is there already is of an earlier try of the same rollback.</summary>
    private async Task<string> CreateDocumentAsync(string name, string text, CancellationToken cancellationToken)
    {
        try
        {
            await cluster.WriteDocumentAsync(new RolloutDocument(name, text, null), cancellationToken).ConfigureAwait(false);
        }
        catch (RolloutConflictException)
        {
            // The first try's is the one closer to the events.
        }
        return name;
    }

    /// <summary>
    /// Whether the pods that are there can take everybody on v1. They are the same pods, so what is asked is whether as many serve as are wanted and whether
    /// the autoscaler has room. It comes after the proof, so that it delays neither flag nor proof; what it finds is told and stops nothing.
    /// </summary>
    private async Task CheckCapacityAsync(Journal journal, CancellationToken cancellationToken)
    {
        var capacity = await journal.TryAsync("Capacity", () => cluster.ReadCapacityAsync(cancellationToken)).ConfigureAwait(false);
        if (capacity is null) return;
        var room = capacity.MaximumReplicas is { } most ? $"the autoscaler may go to {most}" : "there is no autoscaler";
        journal.Add("Capacity", capacity.Available >= capacity.Desired, string.Create(CultureInfo.InvariantCulture,
            $"{capacity.Available} of {capacity.Desired} pods serve v1 as well; {room}{(capacity.IsExhausted ? ": no room left, watch v1's latency" : "")}."));
    }

    /// <summary>Deploys what ran before the image without v1. Returns false when it could not, and the nodes without v1 go on serving v3.</summary>
    private async Task<bool> RestoreV1Async(string archive, string incident, RollbackOptions options, Journal journal, CancellationToken cancellationToken)
    {
        var deployed = await journal.TryAsync("V1", () => RetryAsync(async token =>
        {
            var document = await cluster.ReadDocumentAsync(archive, token).ConfigureAwait(false)
                ?? throw new DwcpRolloutException("NoArchive", $"ConfigMap {archive} with the deployment that had v1 does not exist. Deploy a release with v1 by hand (New-DwcpStaging).");
            return await cluster.DeployNodesAsync(V1Archive.Parse(document).Template, incident, token).ConfigureAwait(false);
        }, TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false);
        if (deployed is null || await WaitForNodesAsync("V1", incident, options.RestartTimeout, journal, cancellationToken).ConfigureAwait(false) is null) return false;
        await journal.TryAsync("V1", () => RetryAsync(
            token => cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { V1Archive = "" }, token), TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false);
        return true;
    }

    private async Task<DateTimeOffset?> RestartAsync(string incident, TimeSpan timeout, Journal journal, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        return await journal.TryAsync("Restart", () => RetryAsync(token => cluster.RestartDeploymentAsync(incident, token), timeout, cancellationToken)).ConfigureAwait(false) is null
            ? null
            : await WaitForNodesAsync("Restart", incident, timeout - _time.GetElapsedTime(began), journal, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DateTimeOffset?> WaitForNodesAsync(string step, string incident, TimeSpan timeout, Journal journal, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var last = "";
        while (true)
        {
            try
            {
                var deployment = await cluster.ReadDeploymentAsync(cancellationToken).ConfigureAwait(false);
                if (deployment is null)
                {
                    journal.Add(step, false, $"Deployment {RolloutNames.NodeDeployment} does not exist.");
                    return null;
                }
                if (deployment.IsSettled && deployment.RestartMark == incident)
                    return journal.Done(step, $"{Count(deployment.Available, "pod")} replaced with maxUnavailable 0 in {_time.GetElapsedTime(began).TotalSeconds:0.0} s.");
                last = $"{deployment.Updated} of {deployment.Desired} new, {deployment.Available} available";
                if (_time.GetElapsedTime(began) >= timeout) last += RolloutPod.DescribeUnscheduled(await cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (IsFailure(e))
            {
                last = e.Message;
            }
            if (_time.GetElapsedTime(began) >= timeout)
            {
                journal.Add(step, false, $"The pods were not replaced after {timeout.TotalSeconds:0} s ({last}). The flag is 0 all the same.");
                return null;
            }
            await Task.Delay(PollInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>After everything: still 0, on every ready pod, each healthy, and v1 at full strength.</summary>
    private async Task<bool> VerifyAsync(string revision, Journal journal, CancellationToken cancellationToken)
    {
        var configuration = await journal.TryAsync("Verification", () => RetryAsync(cluster.ReadConfigurationAsync, TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false);
        var pods = await journal.TryAsync("Verification", () => RetryAsync(cluster.ListPodsAsync, TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false);
        if (configuration is null || pods is null) return false;
        if (configuration.Effective != 0)
        {
            journal.Add("Verification", false, $"Somebody raised the flag to {configuration.Flag} and the ceiling to {configuration.Ceiling} during the rollback.");
            return false;
        }
        var serving = pods.Where(pod => pod is { Ready: true, Terminating: false }).ToList();
        var problems = (await Task.WhenAll(serving.Select(CheckPodAsync)).ConfigureAwait(false)).OfType<string>().ToList();
        if (serving.Count == 0) problems.Add("No pod is ready: v1 is not served either.");
        foreach (var problem in problems) journal.Add("Verification", false, problem);
        if (problems.Count == 0) journal.Add("Verification", true, $"{Count(serving.Count, "ready pod")} at 0 % and healthy.");
        return problems.Count == 0;

        async Task<string?> CheckPodAsync(RolloutPod pod)
        {
            try
            {
                var flags = await RetryAsync(async token => ReadFlags(await AskAsync(pod, RolloutNames.DiagnosticsPort, "/flags", token).ConfigureAwait(false)),
                    TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
                if (flags.Effective != 0 || !flags.HasApplied(revision)) return $"Pod {pod.Name} is at {flags.Effective} % with revision {flags.Revision}.";
                var health = await AskAsync(pod, RolloutNames.HttpPort, "/health", cancellationToken).ConfigureAwait(false);
                return health.IsSuccess ? null : $"Pod {pod.Name} answers /health with {health.StatusCode}.";
            }
            catch (Exception e) when (IsFailure(e))
            {
                return $"Pod {pod.Name} could not be verified: {e.Message}";
            }
        }
    }

    /// <summary>Keeps the report in the cluster and on disk, and marks the incident as carried through.</summary>
    private async Task<DwcpRollbackReport> PublishAsync(
        DwcpRollbackReport report, DwcpRollout? rollout, string? directory, Journal journal, CancellationToken cancellationToken)
    {
        var series = await journal.TryAsync("Report", async () => RolloutSeries.Parse(await cluster.ReadDocumentAsync(RolloutNames.EvidenceConfigMap, cancellationToken).ConfigureAwait(false)))
            .ConfigureAwait(false) ?? [];
        if (directory is not null)
        {
            var files = await journal.TryAsync("Report", () => IncidentReport.WriteAsync(report, rollout, series, Path.Combine(directory, report.Incident), cancellationToken)).ConfigureAwait(false);
            report = report with { Files = [.. report.Files, .. files ?? []] };
        }
        await journal.TryAsync("Report", () => CreateDocumentAsync(
            RolloutNames.IncidentConfigMapPrefix + report.Incident, JsonSerializer.Serialize(report, RolloutJson.Options), cancellationToken)).ConfigureAwait(false);
        await journal.TryAsync("Report", () => RetryAsync(
            token => cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { Completed = report.Incident }, token), TimeSpan.FromSeconds(10), cancellationToken)).ConfigureAwait(false);
        await journal.TryAsync("Event", async () =>
        {
            await cluster.RecordEventAsync("Warning", "RolledBack",
                string.Create(CultureInfo.InvariantCulture,
                    $"{report.Incident}: v3 rolled back by {report.RequestedBy}, {report.Trigger}: {report.Reason} Flag 0 after {report.TimeToFlagZero?.TotalSeconds:0.0} s, proven after {report.TimeToProof?.TotalSeconds:0.0} s."),
                cancellationToken).ConfigureAwait(false);
            return "";
        }).ConfigureAwait(false);
        return report with { Timeline = journal.Steps, Problems = journal.Problems };
    }

    private static NodeFlags ReadFlags(PodAnswer answer) =>
        answer.IsSuccess ? NodeFlags.Parse(answer.Body) : throw new DwcpMetricsException(string.Create(CultureInfo.InvariantCulture, $"/flags answered {answer.StatusCode}."));

    /// <exception cref="TimeoutException">The pod took longer than <see cref="PodTimeout"/>.</exception>
    private async Task<PodAnswer> AskAsync(RolloutPod pod, int port, string path, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(PodTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await cluster.GetFromPodAsync(pod, port, path, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{path} did not answer within {PodTimeout.TotalSeconds:0} s.", e);
        }
    }

    private async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await call(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsFailure(e) && _time.GetElapsedTime(began) < timeout)
            {
                await Task.Delay(PollInterval, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Failures of the cluster or of a pod; bugs and cancellation pass through.</summary>
    internal static bool IsFailure(Exception e) =>
        e is DwcpClusterException or DwcpRolloutException or DwcpMetricsException or HttpRequestException or IOException or TimeoutException or JsonException
            or UnauthorizedAccessException;

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : string.Create(CultureInfo.InvariantCulture, $"{count} {noun}s");

    /// <summary>The timeline as it grows.</summary>
    private sealed class Journal(TimeProvider time, IProgress<RollbackStep>? progress)
    {
        private readonly List<RollbackStep> _steps = [];

        public IReadOnlyList<RollbackStep> Steps
        {
            get
            {
                lock (_steps) return [.. _steps];
            }
        }

        public IReadOnlyList<string> Problems => [.. Steps.Where(step => !step.Succeeded).Select(step => $"{step.Name}: {step.Detail}")];

        public void Add(string name, bool succeeded, string detail)
        {
            var step = new RollbackStep(time.GetUtcNow(), name, succeeded, detail);
            lock (_steps) _steps.Add(step);
            progress?.Report(step);
        }

        public DateTimeOffset Done(string name, string detail)
        {
            Add(name, true, detail);
            return Steps[^1].Time;
        }

        /// <summary>A step after the flag whose failure is recorded and does not keep the next step from being tried.</summary>
        public async Task<T?> TryAsync<T>(string name, Func<Task<T>> step)
        {
            try
            {
                return await step().ConfigureAwait(false);
            }
            catch (Exception e) when (IsFailure(e))
            {
                Add(name, false, e.Message);
                return default;
            }
        }
    }
}
