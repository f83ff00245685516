using System.Globalization;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Validation.Custom;
using NovaCron.Dwcp.Operations.Validation.Reports;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Runs the catalogue of checks against a staged namespace and decides.</summary>
public sealed class ValidationRunner
{
    private readonly ClusterConnection _connection;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<ValidationCheck> _catalogue;

    public ValidationRunner(ClusterConnection connection, TimeProvider? time = null)
        : this(connection, time ?? TimeProvider.System, CheckCatalogue.Checks)
    {
    }

    internal ValidationRunner(ClusterConnection connection, TimeProvider time, IReadOnlyList<ValidationCheck> catalogue)
    {
        _connection = connection;
        _time = time;
        _catalogue = catalogue;
    }

    /// <summary>
    /// Runs the checks and decides. Whatever a check meets is a result, and an unreachable cluster is a report with exit code 4; only wrong
    /// options and cancellation throw. A full run records its decision in the cluster.
    /// </summary>
    /// <exception cref="DwcpValidationException">An unknown check id, or an exclusion without a reason.</exception>
    public async Task<DwcpValidationReport> RunAsync(
        ValidationOptions options, IProgress<ValidationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var (checks, isPartial) = Select(options);
        var startedAt = _time.GetUtcNow();
        var started = _time.GetTimestamp();
        using var run = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var context = new ValidationContext(_connection, options, _time, run.Token);

        var results = new CheckResult[checks.Count];
        var completed = 0;
        foreach (var phase in checks.Select((check, index) => (check, index)).GroupBy(c => c.check.Phase).OrderBy(g => g.Key))
        {
            var parallel = new ParallelOptions
            {
                MaxDegreeOfParallelism = phase.Key == CheckPhase.Passive ? Math.Clamp(options.Concurrency, 1, 32) : 1,
                CancellationToken = cancellationToken,
            };
            await Parallel.ForEachAsync(phase.OrderBy(c => c.check.ReplacesPods), parallel, async (item, token) =>
            {
                progress?.Report(new ValidationProgress(item.check.Id, item.check.Title, item.check.Category, Volatile.Read(ref completed), checks.Count, null));
                results[item.index] = await RunAsync(item.check, context, token).ConfigureAwait(false);
                progress?.Report(new ValidationProgress(item.check.Id, item.check.Title, item.check.Category, Interlocked.Increment(ref completed), checks.Count, results[item.index]));
            }).ConfigureAwait(false);
        }

        // Reads that a check gave up on end here, not after the report.
        var report = await DecideAsync(options, results, isPartial, startedAt, started, cancellationToken).ConfigureAwait(false);
        await run.CancelAsync().ConfigureAwait(false);
        if (options.ReportDirectory is not null)
            await ValidationReportFiles.WriteAsync(report, options.ReportDirectory, cancellationToken).ConfigureAwait(false);
        return report;
    }

    /// <summary>
    /// Records the caller's approval in the cluster, bound to the report's images and manifests, and returns the report with the decision
    /// that follows: a REVIEW that only waits for approval, or whose rest the reason waives, becomes GO.
    /// </summary>
    /// <exception cref="DwcpValidationException">The report is NO-GO, undecided or partial, or no longer describes what is deployed.</exception>
    public async Task<DwcpValidationReport> ApproveAsync(DwcpValidationReport report, string reason, CancellationToken cancellationToken = default)
    {
        var target = $"report {report.Id}";
        if (string.IsNullOrWhiteSpace(reason))
            throw new DwcpValidationException(target, "an approval needs a reason", "Say why.");
        if (report.Decision is ValidationDecision.NoGo or ValidationDecision.Undecided)
            throw new DwcpValidationException(target, $"is {report.DecisionText} ({report.Reason}) and cannot be approved", "Fix what it names and validate again.");
        if (report.IsPartial)
            throw new DwcpValidationException(target, "covers only a part of the checks", "Run all checks and approve that report.");
        var digests = ValidationRecords.Digests(report.Images);
        if (digests.Count == 0)
            throw new DwcpValidationException(target, "knows no digest of a running image, so that there is nothing to bind an approval to", "Wait until all pods run and validate again.");

        var record = await StagingRecord.ReadAsync(_connection, report.Namespace, cancellationToken).ConfigureAwait(false);
        var images = await StagingReader.ReadImagesAsync(_connection, report.Namespace, cancellationToken).ConfigureAwait(false);
        if (record?.ManifestHash != report.ManifestHash || !ValidationRecords.Digests(images).SequenceEqual(digests))
            throw new DwcpValidationException(target, "describes something else than what is deployed now", "Validate again and approve that report.");

        var identity = await _connection.WhoAmIAsync(cancellationToken).ConfigureAwait(false);
        var open = report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => c.Id).Order(StringComparer.Ordinal).ToList();
        var approval = new RecordedApproval(
            new ValidationApproval(identity.UserName, _time.GetUtcNow(), reason.Trim(), report.Id, report.ManifestHash, digests), open);
        var (decision, explanation, fixes) = DecisionMaker.Decide(report.Checks, isPartial: false, approval);
        var approved = report with { Decision = decision, Reason = explanation, Fixes = fixes, Approval = approval.Approval };
        await ValidationRecords.ApproveAsync(_connection, approved, approval, cancellationToken).ConfigureAwait(false);
        return approved;
    }

    private async Task<DwcpValidationReport> DecideAsync(
        ValidationOptions options, IReadOnlyList<CheckResult> results, bool isPartial, DateTimeOffset startedAt, long started, CancellationToken cancellationToken)
    {
        var release = "unknown";
        var hash = "unknown";
        var who = "unknown";
        IReadOnlyList<StagedImage> images = [];
        RecordedApproval? approval = null;
        string? problem = null;
        try
        {
            who = (await _connection.WhoAmIAsync(cancellationToken).ConfigureAwait(false)).UserName;
            if (await StagingRecord.ReadAsync(_connection, options.Namespace, cancellationToken).ConfigureAwait(false) is { } record)
            {
                (release, hash) = (record.Release, record.ManifestHash);
                images = await StagingReader.ReadImagesAsync(_connection, options.Namespace, cancellationToken).ConfigureAwait(false);
                approval = await ValidationRecords.FindApprovalAsync(_connection, options.Namespace, hash, ValidationRecords.Digests(images), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is DwcpClusterException or DwcpStagingException)
        {
            problem = e.Message;
        }

        var (decision, reason, fixes) = DecisionMaker.Decide(results, isPartial, approval);
        if (problem is not null && decision is ValidationDecision.Go or ValidationDecision.Review)
            (decision, reason) = (ValidationDecision.Undecided, $"what is deployed could not be identified: {problem}");
        var report = new DwcpValidationReport
        {
            // Sorts by time, and is unique enough for one namespace.
            Id = startedAt.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture) + "-" + Guid.NewGuid().ToString("N")[..6],
            Namespace = options.Namespace,
            Server = _connection.Server,
            Profile = options.Profile.Name,
            Release = release,
            ManifestHash = hash,
            Images = images,
            ValidatedBy = who,
            StartedAt = startedAt,
            Duration = _time.GetElapsedTime(started),
            Decision = decision,
            Reason = reason,
            Fixes = fixes,
            Categories = DecisionMaker.Summarize(results),
            Checks = results,
            Excluded = options.Exclude,
            IsPartial = isPartial,
            Approval = approval?.Approval,
        };
        if (isPartial || problem is not null)
            return report;
        try
        {
            await ValidationRecords.WriteAsync(_connection, report, cancellationToken).ConfigureAwait(false);
            return report;
        }
        catch (DwcpClusterException e)
        {
            // Rollouts read the record: a decision that is not in it does not exist.
            return report with
            {
                Decision = decision is ValidationDecision.NoGo ? decision : ValidationDecision.Undecided,
                Reason = $"the decision {report.DecisionText} could not be recorded: {e.Message}",
                Fixes = [.. fixes, e.Remedy],
            };
        }
    }

    private (IReadOnlyList<ValidationCheck> Checks, bool IsPartial) Select(ValidationOptions options)
    {
        IReadOnlyList<ValidationCheck> catalogue = [.. _catalogue.Concat(options.CustomChecks.Select(c => new CustomCheckRunner(c))).OrderBy(c => c.Category)];
        if (options.CustomChecks.GroupBy(c => c.Id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DwcpValidationException($"check '{twice.Key}'", "is defined twice", "Give each check of your own its own id.");
        foreach (var id in options.Ids.Concat(options.Exclude.Keys).Where(id => !catalogue.Any(c => c.Id == id)))
            throw new DwcpValidationException($"check '{id}'", "does not exist", "Get-DwcpCheck lists all ids.");
        if (options.Exclude.FirstOrDefault(e => string.IsNullOrWhiteSpace(e.Value)) is { Key: not null } silent)
            throw new DwcpValidationException($"check '{silent.Key}'", "is to be left out without a reason", "Give the reason; the report shows it.");
        var checks = catalogue
            .Where(c => (options.Categories.Count == 0 || options.Categories.Contains(c.Category))
                && (options.Ids.Count == 0 || options.Ids.Contains(c.Id)) && !options.Exclude.ContainsKey(c.Id))
            .ToList();
        return (checks, checks.Count < catalogue.Count);
    }

    private async Task<CheckResult> RunAsync(ValidationCheck check, ValidationContext context, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var limit = check.TimeLimit ?? context.Options.CheckTimeout;
        if (limit > context.Options.LongestCheck)
            limit = context.Options.LongestCheck;
        CheckFinding finding;
        using var timer = new CancellationTokenSource(limit, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            finding = await check.WhyNotApplicableAsync(context).WaitAsync(linked.Token).ConfigureAwait(false) is { } reason
                ? new CheckFinding(CheckStatus.Skipped, reason, [])
                : await check.RunAsync(context, linked.Token).WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            finding = new CheckFinding(CheckStatus.Error, string.Create(CultureInfo.InvariantCulture, $"did not finish within {limit.TotalSeconds:0.#} s"), []);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever keeps a check from deciding is its result. Never a pass.
            finding = new CheckFinding(CheckStatus.Error, e is InconclusiveException or DwcpClusterException ? e.Message : $"{e.GetType().Name}: {e.Message}", [])
            {
                Cause = e is DwcpClusterException { Failure: ClusterFailure.Unreachable or ClusterFailure.Unauthorized or ClusterFailure.Timeout or ClusterFailure.ServerError } cluster ? cluster.What : null,
            };
        }

        return new CheckResult
        {
            Id = check.Id,
            Category = check.Category,
            Title = check.Title,
            Severity = check.Severity,
            Status = finding.Status,
            Detail = finding.Detail,
            Remedy = finding.Status is CheckStatus.Fail or CheckStatus.Error ? check.Remedy : "",
            Evidence = finding.Evidence,
            Figures = finding.Figures,
            Cause = finding.Cause,
            Duration = _time.GetElapsedTime(started),
        };
    }
}
