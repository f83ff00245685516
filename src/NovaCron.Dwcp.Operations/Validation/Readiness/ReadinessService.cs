using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Readiness;

/// <summary>
/// Every criterion from before the deployment to the end of the rollout, with its evidence: checks of a report, records of the cluster, the
/// rollout's history, or an attestation by its owner. An attestation is a DwcpApproval, so that the admission policy binds it to its author, and
/// it counts for one release only.
/// </summary>
public sealed class ReadinessService(ClusterConnection connection, string @namespace, TimeProvider? time = null)
{
    /// <summary>Prefix of the phase that an attestation is recorded under; no rollout has a phase of that name.</summary>
    private const string AttestationPrefix = "readiness-";

    /// <summary>How old a decision may be when phase 1 begins.</summary>
    private static readonly TimeSpan MaximumAge = new RolloutValidationPolicy().MaximumAge;

    private static readonly (ReadinessStage Stage, string Id, string Title, string[] Checks)[] ByChecks =
    [
        (ReadinessStage.PreDeployment, "secrets", "Secrets are strong and the certificate is valid", ["infra-secrets", "security-certificate"]),
        (ReadinessStage.PreDeployment, "images", "Images are pinned and scanned", ["infra-image-digests", "security-image-scan"]),
        (ReadinessStage.PreDeployment, "access", "Strangers are refused, by TLS 1.3 and keys", ["security-tls", "security-no-key", "security-wrong-key", "security-admin-key"]),
        (ReadinessStage.PreDeployment, "permissions", "Roles are least privilege, approvals are bound to their authors", ["security-permissions", "infra-custom-resources"]),
        (ReadinessStage.Deployment, "workloads", "All workloads run and are ready", ["infra-deployments", "health-nodes-ready", "health-restarts"]),
        (ReadinessStage.Deployment, "network", "Services, endpoints and policies are in place and in force", ["infra-services", "integration-load-balancer", "integration-pod-to-pod", "security-network-policies", "security-network-effect"]),
        (ReadinessStage.Deployment, "configuration", "Configuration is complete and unchanged since", ["infra-configuration", "infra-drift"]),
        (ReadinessStage.Deployment, "store", "The store is shared and survives its pods", ["infra-store"]),
        (ReadinessStage.Deployment, "redis", "Redis answers every node", ["health-redis"]),
        (ReadinessStage.Deployment, "scaling", "Autoscaler and disruption budgets fit", ["infra-autoscaler", "infra-disruption"]),
        (ReadinessStage.Readiness, "guardian", "A guardian watches", ["health-guardian"]),
        (ReadinessStage.Readiness, "zero", "The flag is at 0 % on every node", ["flags-zero", "flags-revision", "flags-split"]),
        (ReadinessStage.Readiness, "measured", "What the guardian judges is measured", ["monitoring-families", "monitoring-freshness"]),
        (ReadinessStage.Readiness, "watched", "Prometheus sees every pod, its rules are evaluated, dashboards show data, an alert arrives",
            ["monitoring-targets", "monitoring-series", "monitoring-rules", "monitoring-dashboards", "monitoring-alert"]),
        (ReadinessStage.SuccessStaging, "transfers", "v1, v3 and resumed transfers arrive unchanged", ["integration-transfer-v1", "integration-transfer-v3", "integration-resume"]),
        (ReadinessStage.SuccessStaging, "components", "All six components work in every pod", ["component-amst", "component-hde", "component-pba", "component-ass", "component-acp", "component-itp"]),
        (ReadinessStage.SuccessStaging, "performance", "Error rate, service time and throughput reach their targets", ["performance-error-rate", "performance-service-time", "performance-throughput", "performance-baseline"]),
    ];

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>All criteria, in the order of the stages.</summary>
    /// <param name="report">The report whose checks are evidence; without one they are unknown. It must be about this namespace and about what is deployed now.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="DwcpClusterException">The cluster cannot be read.</exception>
    /// <exception cref="DwcpValidationException">The report is about another namespace.</exception>
    public async Task<IReadOnlyList<ReadinessCriterion>> ReadAsync(DwcpValidationReport? report = null, CancellationToken cancellationToken = default)
    {
        if (report is not null && report.Namespace != @namespace)
            throw new DwcpValidationException($"report {report.Id}", $"is about namespace {report.Namespace}, not {@namespace}", "Give the report of this namespace.");
        var record = await StagingRecord.ReadAsync(connection, @namespace, cancellationToken).ConfigureAwait(false);
        var images = await StagingReader.ReadImagesAsync(connection, @namespace, cancellationToken).ConfigureAwait(false);
        var validation = await connection.FindAsync(ClusterResource.ConfigMap, @namespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false);
        var rollout = await FindRolloutAsync(cancellationToken).ConfigureAwait(false);
        var approvals = await connection.ListAsync<DwcpApproval>(@namespace, null, null, cancellationToken).ConfigureAwait(false);
        var digests = ValidationRecords.Digests(images);
        var describesThis = report is not null && record is not null && report.ManifestHash == record.ManifestHash && digests.Count > 0 && ValidationRecords.Digests(report.Images).SequenceEqual(digests);

        var criteria = new List<ReadinessCriterion>
        {
            new(ReadinessStage.PreDeployment, "record", "The release and its manifests are recorded", record is null ? ReadinessStatus.NotMet : ReadinessStatus.Met,
                record is null ? $"namespace {@namespace} has no record of a deployment" : $"{record.Release}, manifests {record.ManifestHash[..12]}, applied by {record.AppliedBy}"),
        };
        criteria.AddRange(ByChecks.Select(c => FromChecks(c.Stage, c.Id, c.Title, c.Checks, report, describesThis)));
        criteria.AddRange(Enum.GetValues<ReadinessOwner>().Select(o => Attestation(o, approvals, record?.Release)));
        criteria.AddRange(CategoryRule.Matrix.Select(rule => FromCategory(rule, report, describesThis)));
        criteria.Add(Decision(validation, record, digests));
        criteria.Add(Fresh(validation));
        criteria.Add(NoLock(rollout));
        criteria.AddRange(Phases(rollout, record?.Release));
        return [.. criteria.OrderBy(c => c.Stage)];
    }

    /// <summary>Records that an owner answers for what no program can see, for the release that is deployed.</summary>
    /// <exception cref="DwcpValidationException">Nothing is deployed, or no reason was given.</exception>
    /// <exception cref="DwcpClusterException">The caller may not approve.</exception>
    public async Task<ReadinessCriterion> AttestAsync(ReadinessOwner owner, string reason, CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrWhiteSpace(reason))
            throw new DwcpValidationException($"attestation of {owner}", "needs a reason", "Say what it rests on.");
        var record = await StagingRecord.ReadAsync(connection, @namespace, cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpValidationException($"namespace {@namespace}", "has no record of a deployment, so that there is no release to attest", "Deploy with New-DwcpStaging.");
        var identity = await connection.WhoAmIAsync(cancellationToken).ConfigureAwait(false);
        var approval = await connection.CreateAsync(new DwcpApproval
        {
            Metadata = new V1ObjectMeta { GenerateName = Phase(owner) + "-", NamespaceProperty = @namespace },
            Spec = new DwcpApprovalSpec { Phase = Phase(owner), Release = record.Release, Approver = identity.UserName, Reason = reason.Trim() },
        }, @namespace, cancellationToken).ConfigureAwait(false);
        return Attestation(owner, [approval], record.Release);
    }

    private static string Phase(ReadinessOwner owner) => AttestationPrefix + owner.ToString().ToLowerInvariant();

    private static ReadinessCriterion Attestation(ReadinessOwner owner, IReadOnlyList<DwcpApproval> approvals, string? release)
    {
        var title = owner switch
        {
            ReadinessOwner.Tech => "Tech: design, rollback procedure and known limits are reviewed",
            ReadinessOwner.DevOps => "DevOps: on-call, capacity, backups and runbooks are in place",
            ReadinessOwner.Security => "Security: threat model, keys and scan results are accepted",
            _ => "Product: window, users and support are agreed",
        };
        var given = approvals.Where(a => a.Spec.Phase == Phase(owner) && a.Spec.Release == release).OrderByDescending(a => a.Metadata.CreationTimestamp).FirstOrDefault();
        return new ReadinessCriterion(ReadinessStage.Readiness, Phase(owner), title, given is null ? ReadinessStatus.Unknown : ReadinessStatus.Met,
            given is null
                ? $"not attested for {release ?? "any release"}"
                : string.Create(CultureInfo.InvariantCulture, $"{given.Spec.Approver}, {given.Metadata.CreationTimestamp:yyyy-MM-dd HH:mm} UTC: {given.Spec.Reason}"), owner);
    }

    private static ReadinessCriterion FromChecks(ReadinessStage stage, string id, string title, string[] ids, DwcpValidationReport? report, bool describesThis)
    {
        if (report is null || !describesThis)
            return new ReadinessCriterion(stage, id, title, ReadinessStatus.Unknown, Missing(report));
        var results = ids.Select(i => (Id: i, Result: report.Checks.FirstOrDefault(c => c.Id == i))).ToList();
        var bad = results.Find(r => r.Result?.Status == CheckStatus.Fail);
        var open = results.Find(r => r.Result?.Status is null or CheckStatus.Error);
        return bad.Id is not null ? new ReadinessCriterion(stage, id, title, ReadinessStatus.NotMet, $"{bad.Id}: {bad.Result!.Detail}")
            : open.Id is not null ? new ReadinessCriterion(stage, id, title, ReadinessStatus.Unknown, $"{open.Id}: {open.Result?.Detail ?? "did not run"}")
            : new ReadinessCriterion(stage, id, title, ReadinessStatus.Met, $"{string.Join(", ", results.Select(r => r.Result!.Status == CheckStatus.Skipped ? $"{r.Id} (skipped: {r.Result.Detail})" : r.Id))}");
    }

    private static ReadinessCriterion FromCategory(CategoryRule rule, DwcpValidationReport? report, bool describesThis)
    {
        var (id, title) = ($"category-{rule.Category.ToString().ToLowerInvariant()}", string.Create(CultureInfo.InvariantCulture, $"{rule.Category} reaches {rule.Threshold:0} %"));
        var result = describesThis ? report?.Categories.FirstOrDefault(c => c.Category == rule.Category) : null;
        return result?.Percent is not { } percent
            ? new ReadinessCriterion(ReadinessStage.Validation, id, title, ReadinessStatus.Unknown, result is null ? Missing(report) : "nothing was applicable")
            : new ReadinessCriterion(ReadinessStage.Validation, id, title, result.IsMet ? ReadinessStatus.Met : result.Errors > 0 && result.Failed == 0 ? ReadinessStatus.Unknown : ReadinessStatus.NotMet,
                string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(percent * 10) / 10:0.#} %: {result.Passed} passed, {result.Failed} failed, {result.Errors} errors, {result.Skipped} skipped"));
    }

    private static string Missing(DwcpValidationReport? report) =>
        report is null ? "no report was given (Invoke-DwcpValidation | Get-DwcpReadiness)" : $"report {report.Id} is about something else than what is deployed";

    private static ReadinessCriterion Decision(JsonObject? validation, StagingRecord? record, IReadOnlyList<string> digests)
    {
        const string Title = "The decision is GO, approved, for exactly these images and manifests";
        if (validation is null)
            return new ReadinessCriterion(ReadinessStage.Validation, "decision", Title, ReadinessStatus.Unknown, "no validation is recorded");
        var decision = validation.Text("data", "decision");
        var by = validation.Text("data", "approvedBy");
        var covers = record is not null && digests.Count > 0 && validation.Text("data", "approvedManifests") == record.ManifestHash
            && validation.Text("data", "approvedImages") == string.Join(' ', digests);
        var problem = decision != "GO" ? $"{decision ?? "no decision"}: {validation.Text("data", "explanation")}"
            : string.IsNullOrEmpty(by) ? "nobody approved it"
            : !covers ? $"{by} approved other images or manifests than those that are deployed" : null;
        return new ReadinessCriterion(ReadinessStage.Validation, "decision", Title, problem is null ? ReadinessStatus.Met : ReadinessStatus.NotMet, problem ?? $"GO, approved by {by}: {validation.Text("data", "reason")}");
    }

    private ReadinessCriterion Fresh(JsonObject? validation)
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"The decision is not older than {MaximumAge.TotalDays:0} days");
        if (validation.Moment("data", "time") is not { } at)
            return new ReadinessCriterion(ReadinessStage.Readiness, "fresh", title, ReadinessStatus.Unknown, "no validation is recorded");
        var age = _time.GetUtcNow() - at;
        return new ReadinessCriterion(ReadinessStage.Readiness, "fresh", title, age >= TimeSpan.Zero && age <= MaximumAge ? ReadinessStatus.Met : ReadinessStatus.NotMet,
            string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {age.TotalHours:0.0} hours ago"));
    }

    private static ReadinessCriterion NoLock(DwcpRollout? rollout)
    {
        const string Title = "No rollback waits to be acknowledged";
        var state = rollout?.Status?.State;
        return new ReadinessCriterion(ReadinessStage.Readiness, "unlocked", Title,
            rollout?.Status?.Lock is not null || state is RolloutState.RollingBack or RolloutState.RolledBack ? ReadinessStatus.NotMet : ReadinessStatus.Met,
            rollout is null ? "there is no rollout yet" : $"the rollout is {state?.ToString() ?? "new"}{(rollout.Status?.Lock is { } locked ? $", locked: {locked.Reason}" : "")}");
    }

    private static IEnumerable<ReadinessCriterion> Phases(DwcpRollout? rollout, string? release)
    {
        var status = rollout?.Spec.Release == release ? rollout?.Status : null;
        var rolledBack = status?.State is RolloutState.RollingBack or RolloutState.RolledBack;
        var first = rollout?.Spec.Phases.OrderBy(p => p.Percent).FirstOrDefault();
        var where = status is null ? $"there is no rollout of {release ?? "a release"}" : $"{status.State} at {status.Percent} %: {status.Message}";
        // Beyond the first phase, the guardian has found its evidence clear.
        var passedFirst = status is not null && first is not null && !rolledBack
            && (status.Percent > first.Percent || (status.State == RolloutState.Completed && status.Percent >= first.Percent));
        yield return Criterion(ReadinessStage.SuccessPhase1, "phase-1-soaked", first is null ? "Phase 1 soaked with clear evidence" : $"{first.Percent} % soaked with clear evidence", passedFirst, status is not null && rolledBack, where);
        yield return Errors(ReadinessStage.SuccessPhase1, "phase-1-errors", rollout, status);
        var completed = status is { State: RolloutState.Completed, Percent: 100 };
        yield return Criterion(ReadinessStage.SuccessFinal, "completed", "100 % soaked with clear evidence", completed, status is not null && rolledBack, where);
        yield return Errors(ReadinessStage.SuccessFinal, "final-errors", rollout, completed ? status : null);
    }

    private static ReadinessCriterion Errors(ReadinessStage stage, string id, DwcpRollout? rollout, DwcpRolloutStatus? status)
    {
        const string Title = "The share of v3 requests that failed by the server is below the rollout's limit";
        if (rollout is null || status?.V3 is not { Requests: > 0 } v3)
            return new ReadinessCriterion(stage, id, Title, ReadinessStatus.Unknown, "no v3 request was counted in this phase");
        var percent = 100.0 * v3.Errors / v3.Requests;
        var limit = rollout.Spec.Limits.ErrorRatePercent;
        return new ReadinessCriterion(stage, id, Title, percent <= limit ? ReadinessStatus.Met : ReadinessStatus.NotMet,
            string.Create(CultureInfo.InvariantCulture, $"{v3.Errors} of {v3.Requests} ({percent:0.###} %), allowed are {limit:0.###} %"));
    }

    private static ReadinessCriterion Criterion(ReadinessStage stage, string id, string title, bool met, bool failed, string evidence) =>
        new(stage, id, title, met ? ReadinessStatus.Met : failed ? ReadinessStatus.NotMet : ReadinessStatus.Unknown, evidence);

    private async Task<DwcpRollout?> FindRolloutAsync(CancellationToken cancellationToken) =>
        await connection.FindAsync<DwcpRollout>(@namespace, RolloutNames.Rollout, cancellationToken).ConfigureAwait(false);
}
