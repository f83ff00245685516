using System.Globalization;
using System.Text.Json;
using k8s.Models;
using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// One pass of the guardian: reads what is wanted and what is, and does the next thing. It may be killed between any two calls: every decision is
/// derived anew from the cluster, raising is announced in the status before it is done, and the flag goes to 0 before anything is said about it.
/// </summary>
public sealed class RolloutReconciler(IRolloutCluster cluster, GuardianOptions options, TimeProvider time)
{
    /// <summary>Entries kept in the status; a full status is halved into ConfigMaps of 50 entries each, numbered by their first entry.</summary>
    private const int HistoryInStatus = 100;

    private const int HistoryPerDocument = 50;

    /// <summary>Checks without a v3 request before the rollout is called idle.</summary>
    private const int ChecksUntilIdle = 3;

    /// <summary>How long somebody's Invoke-DwcpRollback may take before the guardian finishes it.</summary>
    private static readonly TimeSpan ForeignRollbackGrace = TimeSpan.FromMinutes(2);

    /// <summary>Evidence (share of the way to rollback) from which checks come faster, and the evidence below which a phase may be passed.</summary>
    private const double GrowingEvidence = 0.15;

    private const double ClearEvidence = 0.5;

    /// <summary>Window of the rates and percentiles that people see.</summary>
    private static readonly TimeSpan DisplayWindow = TimeSpan.FromSeconds(30);

    private readonly PodReader _reader = new(cluster, options.PodTimeout, time);
    private readonly Queue<(DateTimeOffset Time, TimeSpan Length, RequestCounters V1, RequestCounters V3)> _recent = new();
    private GuardianMemory? _memory;
    private string? _memoryRevision;
    private EvidenceBook? _book;
    private RolloutTrigger? _pending;
    private long _lastCheckStamp;
    private bool _checked;

    /// <summary>The rollout as the last pass left it.</summary>
    public DwcpRollout? Last { get; private set; }

    /// <summary>Rollbacks that this process has carried out.</summary>
    public long Rollbacks { get; private set; }

    /// <summary>Checks that this process has made, and those of them at which metrics were missing.</summary>
    public long Checks { get; private set; }

    public long FailedChecks { get; private set; }

    /// <summary>Forgets what was read under an earlier leadership.</summary>
    public void BeginLeadership()
    {
        (_memory, _memoryRevision, _book, _checked, _pending) = (null, null, null, false, null);
        _recent.Clear();
    }

    /// <summary>Does the next thing.</summary>
    /// <returns>How long the next pass may wait.</returns>
    public async Task<TimeSpan> ReconcileAsync(CancellationToken cancellationToken)
    {
        var rollout = await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false);
        var configuration = await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NoConfiguration", $"ConfigMap {cluster.Namespace}/{RolloutNames.ConfigMap} does not exist. Stage DWCP v3 first (New-DwcpStaging).");
        Last = rollout;
        if (rollout is null)
        {
            if (configuration.Flag is not 0 || configuration.Ceiling is not 0) await LowerUnguardedAsync(configuration, cancellationToken).ConfigureAwait(false);
            return TimeSpan.FromSeconds(2);
        }

        rollout.Status ??= new DwcpRolloutStatus();
        if (RolloutPlan.Check(rollout.Spec) is { } wrong)
        {
            // A spec that makes no sense raises nothing; everything that lowers still works.
            rollout.Spec.TargetPercent = Math.Min(rollout.Spec.TargetPercent, rollout.Status.Percent);
            rollout.Status.Message = wrong;
        }
        var pass = new Pass(this, rollout, configuration);
        var delay = await pass.RunAsync(cancellationToken).ConfigureAwait(false);
        Last = pass.Rollout;
        return delay;
    }

    private async Task LowerUnguardedAsync(RolloutConfiguration configuration, CancellationToken cancellationToken)
    {
        await cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { Flag = 0, Ceiling = 0 }, cancellationToken).ConfigureAwait(false);
        var message = Text($"There is no DwcpRollout, but the flag was {configuration.Flag} and the ceiling {configuration.Ceiling}: both were set to 0. Ask for v3 with Set-DwcpRollout.");
        options.Log?.Invoke(message);
        await cluster.RecordEventAsync("Warning", "FlagWithoutRollout", message, cancellationToken).ConfigureAwait(false);
    }

    private async Task<GuardianMemory> LoadMemoryAsync(DwcpRollout rollout, CancellationToken cancellationToken)
    {
        // A rollback begins a new attempt: what v3 did before it says nothing about the next try.
        var attempt = $"{rollout.Metadata.Uid}/{rollout.Spec.Release}/{rollout.Status?.LastRollbackAt?.ToUnixTimeMilliseconds()}";
        if (_memory is null)
        {
            var document = await cluster.ReadDocumentAsync(RolloutNames.EvidenceConfigMap, cancellationToken).ConfigureAwait(false);
            _memoryRevision = document?.Revision;
            try
            {
                _memory = document is null ? new GuardianMemory() : JsonSerializer.Deserialize<GuardianMemory>(document.Text, RolloutJson.Options) ?? new GuardianMemory();
            }
            catch (JsonException e)
            {
                options.Log?.Invoke($"ConfigMap {RolloutNames.EvidenceConfigMap} is unreadable and is begun anew: {e.Message}");
                _memory = new GuardianMemory();
            }
            _book = null;
        }
        if (_memory.Attempt != attempt)
        {
            _memory = new GuardianMemory { Attempt = attempt, Series = _memory.Series };
            _book = null;
            _recent.Clear();
        }
        var limits = JsonSerializer.Serialize(rollout.Spec.Limits, RolloutJson.Options);
        if (_book is null || limits != _memory.Limits)
        {
            _book = EvidenceBook.For(rollout.Spec.Limits);
            // Evidence against one limit is none against another.
            if (limits == _memory.Limits) _book.Restore(_memory.Tests);
            _memory.Limits = limits;
        }
        return _memory;
    }

    private async Task SaveMemoryAsync(CancellationToken cancellationToken)
    {
        try
        {
            var saved = await cluster.WriteDocumentAsync(
                new RolloutDocument(RolloutNames.EvidenceConfigMap, JsonSerializer.Serialize(_memory, RolloutJson.Options), _memoryRevision), cancellationToken).ConfigureAwait(false);
            _memoryRevision = saved.Revision;
        }
        catch (RolloutConflictException)
        {
            // Another guardian has led meanwhile: its memory is the true one.
            (_memory, _memoryRevision, _book) = (null, null, null);
            throw;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The state of one pass.</summary>
    private sealed class Pass(RolloutReconciler owner, DwcpRollout rollout, RolloutConfiguration configuration)
    {
        private readonly IRolloutCluster _cluster = owner.Cluster;
        private readonly List<(string Type, string Reason, string Message)> _events = [];
        private RolloutConfiguration _configuration = configuration;
        private bool _changed;

        public DwcpRollout Rollout { get; private set; } = rollout;

        private DwcpRolloutSpec Spec => Rollout.Spec;

        private DwcpRolloutStatus Status => Rollout.Status!;

        private DateTimeOffset Now => owner.Time.GetUtcNow();

        public async Task<TimeSpan> RunAsync(CancellationToken cancellationToken)
        {
            if (Status.ObservedGeneration != Rollout.Metadata.Generation)
            {
                Status.ObservedGeneration = Rollout.Metadata.Generation;
                _changed = true;
            }
            if (owner._pending is { } pending && Status.Percent > 0)
            {
                await BeginRollbackAsync(pending, cancellationToken).ConfigureAwait(false);
                return TimeSpan.Zero;
            }
            if (await FinishRollbackAsync(cancellationToken).ConfigureAwait(false) is { } pause) return pause;
            if (await AdoptOwnWriteAsync(cancellationToken).ConfigureAwait(false)) return TimeSpan.Zero;
            if (await ReleaseLockAsync(cancellationToken).ConfigureAwait(false)) return TimeSpan.Zero;
            if (await AnswerForeignWriteAsync(cancellationToken).ConfigureAwait(false)) return TimeSpan.Zero;
            if (Spec.TargetPercent < Status.Percent)
            {
                await MoveAsync(Spec.TargetPercent, "Lowered", Text($"Lowered from {Status.Percent} to {Spec.TargetPercent} % as asked by {Spec.RequestedBy}."), cancellationToken).ConfigureAwait(false);
                return TimeSpan.Zero;
            }

            var memory = await owner.LoadMemoryAsync(Rollout, cancellationToken).ConfigureAwait(false);
            var interval = CheckInterval();
            var since = owner._checked ? owner.Time.GetElapsedTime(owner._lastCheckStamp) : TimeSpan.MaxValue;
            if (since < interval)
            {
                await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
                return Shorter(interval - since, TimeSpan.FromSeconds(2));
            }

            if (await CheckAsync(memory, since, cancellationToken).ConfigureAwait(false)) return TimeSpan.Zero;
            var moved = await DecideAsync(memory, cancellationToken).ConfigureAwait(false);
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            return moved ? TimeSpan.Zero : Shorter(CheckInterval(), TimeSpan.FromSeconds(2));
        }

        /// <summary>Six times as often while evidence grows or pods have yet to apply the flag, but not below a second.</summary>
        private TimeSpan CheckInterval()
        {
            var hurried = owner._book is { Progress: > GrowingEvidence } || Status.State is RolloutState.Raising || Status.MetricsMissingSince is not null || Status.NotReadyChecks > 0;
            var interval = hurried ? Spec.CheckInterval / 6 : Spec.CheckInterval;
            return interval < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : interval;
        }

        /// <summary>A flag that is what the intent says is our own write whose confirmation was lost.</summary>
        private async Task<bool> AdoptOwnWriteAsync(CancellationToken cancellationToken)
        {
            if (Status.IntendedPercent is not { } intended) return false;
            if (_configuration.Flag != intended || _configuration.Ceiling != intended)
            {
                // Not written (or overwritten since): decide anew. A foreign value is seen as such by the next steps.
                Status.IntendedPercent = null;
                _changed = true;
                return false;
            }
            var before = Status.Percent;
            ConfirmMove(intended, intended > before ? "Raised" : "Lowered", Text($"Percent moved from {before} to {intended} (confirmed after an interruption)."));
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        private async Task<bool> ReleaseLockAsync(CancellationToken cancellationToken)
        {
            var incident = _configuration.LockedBy ?? Status.Lock?.Incident;
            if (incident is null || Spec.AcknowledgedIncident != incident) return false;
            if (_configuration.LockedBy is not null)
                _configuration = await _cluster.PatchConfigurationAsync(
                    new RolloutConfigurationPatch { LockedBy = "", LockReason = "", Revision = _configuration.Revision }, cancellationToken).ConfigureAwait(false);
            Status.Lock = null;
            Status.Rollback = null;
            SetState(RolloutState.Pending, "Acknowledged", $"Incident {incident} was acknowledged; the rollout may be tried again.");
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        /// <summary>Lower than ours: an operator's rollback, honoured and locked. Higher: put back. Returns true when something was written.</summary>
        private async Task<bool> AnswerForeignWriteAsync(CancellationToken cancellationToken)
        {
            if (_configuration.LockedBy is { } incident && Status.Lock?.Incident != incident)
            {
                // Somebody's Invoke-DwcpRollback (or an earlier guardian that could not write its status any more).
                Status.Rollback = new RollbackInProgress
                {
                    Incident = incident, Trigger = "Operator", Reason = _configuration.LockReason ?? "rolled back", StartedAt = Now, PercentBefore = Status.Percent,
                };
                BeginRollingBack();
                await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }

            var flag = _configuration.Flag ?? 0;
            var ceiling = _configuration.Ceiling ?? 0;
            if (Math.Min(flag, ceiling) < Status.Percent)
            {
                var left = Math.Min(flag, ceiling);
                var what = _configuration.Unreadable is { } text
                    ? Text($"Flag or ceiling reads '{text}', which nodes take as 0; it was {Status.Percent} %.")
                    : Text($"Somebody lowered the flag from {Status.Percent} to {left} % in ConfigMap {RolloutNames.ConfigMap}.");
                if (left == 0)
                {
                    await BeginRollbackAsync(new RolloutTrigger("ForeignFlag", what), cancellationToken).ConfigureAwait(false);
                    return true;
                }
                var id = RollbackService.NewIncident(Now);
                _configuration = await _cluster.PatchConfigurationAsync(
                    new RolloutConfigurationPatch { Flag = left, Ceiling = left, LockedBy = id, LockReason = what, Revision = _configuration.Revision }, cancellationToken).ConfigureAwait(false);
                Status.Lock = new RolloutLock { Incident = id, Since = Now, Reason = what };
                ConfirmMove(left, "ForeignLower", what + " That is honoured, and nothing is raised until the incident is acknowledged.", "Warning");
                Status.State = RolloutState.Suspended;
                await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (flag == Status.Percent && ceiling == Status.Percent && _configuration.Unreadable is null) return false;
            _configuration = await _cluster.PatchConfigurationAsync(
                new RolloutConfigurationPatch { Flag = Status.Percent, Ceiling = Status.Percent, Revision = _configuration.Revision }, cancellationToken).ConfigureAwait(false);
            Status.Revision = _configuration.Revision;
            Note("PutBack", Text($"Somebody set the flag to {flag} and the ceiling to {ceiling}; both were put back to {Status.Percent}. Raise with Set-DwcpRollout."), "Warning");
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        /// <summary>One round over all pods. Returns true when it ended in a rollback.</summary>
        private async Task<bool> CheckAsync(GuardianMemory memory, TimeSpan since, CancellationToken cancellationToken)
        {
            if (memory.Phase != Status.Phase)
            {
                (memory.Phase, memory.V1, memory.V3, memory.Soaked, memory.IdleChecks) = (Status.Phase, default, default, TimeSpan.Zero, 0);
            }
            var last = memory.LastCheckAt;
            var pods = await _cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false);
            var deployment = await _cluster.ReadDeploymentAsync(cancellationToken).ConfigureAwait(false);
            var readings = await owner._reader.ReadAsync(pods.Where(pod => pod is { Ready: true, Terminating: false }), cancellationToken).ConfigureAwait(false);
            var now = Now;
            owner._lastCheckStamp = owner.Time.GetTimestamp();
            owner._checked = true;
            owner.Checks++;

            var check = new RolloutCheck(Spec, memory, owner._book!);
            var trigger = check.Observe(now, Status.Percent, pods, deployment, readings);
            if (check.Missing is not null) owner.FailedChecks++;

            // The monotonic clock where there is one; after a restart the wall clock, cut off so that a clock jump passes no soak.
            var elapsed = since != TimeSpan.MaxValue ? since : last is { } at && now > at ? now - at : TimeSpan.Zero;
            var counted = Shorter(elapsed, 3 * Spec.CheckInterval);
            if (Status.State == RolloutState.Soaking && check.Missing is null && memory.IdleChecks == 0 && !Spec.Suspended && owner._book!.Progress < ClearEvidence)
                memory.Soaked += counted;

            ShowTraffic(check, now, elapsed, memory);
            Status.LastCheckAt = now;
            Status.Soaked = memory.Soaked;
            Status.MetricsMissingSince = memory.MetricsMissingSince;
            Status.NotReadyChecks = memory.NotReadyChecks;
            Status.Evidence = owner._book!.Read();
            Status.Pods =
            [
                .. pods.Where(pod => !pod.Terminating).Select(pod =>
                {
                    var reading = readings.FirstOrDefault(r => r.Pod.Uid == pod.Uid && r.Pod.Name == pod.Name);
                    return new PodObservation
                    {
                        Name = pod.Name, Ready = pod.Ready, Restarts = pod.Restarts, AppliedRevision = reading?.Flags?.Revision, Percent = reading?.Flags?.Effective,
                        Problem = reading is null ? pod.WaitingReason ?? "not ready" : reading.Problem,
                    };
                }),
            ];
            _changed = true;
            SetCondition("MetricsAvailable", check.Missing is null, check.Missing is null ? "AllPodsAnswer" : "Missing", check.Missing ?? "Every ready pod answered.");
            var furthest = owner._book.Tests.MaxBy(test => test.LogEvidence / test.LogThreshold)!;
            SetCondition("EvidenceClear", owner._book.Progress < ClearEvidence, owner._book.Progress < ClearEvidence ? "Clear" : "Growing",
                Text($"{furthest.Name}: {100 * Math.Clamp(furthest.LogEvidence / furthest.LogThreshold, 0, 1):0} % of the way to rollback ({furthest.Detail})."));
            RolloutSeries.Append(memory.Series, new RolloutPoint
            {
                Time = now, Percent = Status.Percent, Evidence = Math.Round(100 * owner._book.Progress, 1),
                V3RequestsPerSecond = Status.V3?.RequestsPerSecond, V1RequestsPerSecond = Status.V1?.RequestsPerSecond,
                V3ErrorRate = Status.V3?.ErrorRatePercent, V1ErrorRate = Status.V1?.ErrorRatePercent,
                V3P99 = Status.V3?.P99Milliseconds, V1P99 = Status.V1?.P99Milliseconds,
            });
            // Nothing above waits: this is the first call after the readings.
            if (trigger is not null) await BeginRollbackAsync(trigger, cancellationToken).ConfigureAwait(false);
            await owner.SaveMemoryAsync(cancellationToken).ConfigureAwait(false);
            return trigger is not null;
        }

        private void ShowTraffic(RolloutCheck check, DateTimeOffset now, TimeSpan elapsed, GuardianMemory memory)
        {
            if (check is { V1: { } v1, V3: { } v3 } && elapsed > TimeSpan.Zero && elapsed < TimeSpan.FromMinutes(10)) owner._recent.Enqueue((now, elapsed, v1, v3));
            while (owner._recent.Count > 1 && now - owner._recent.Peek().Time >= DisplayWindow) owner._recent.Dequeue();
            var seconds = owner._recent.Sum(entry => entry.Length.TotalSeconds);
            Status.V1 = Show(memory.V1, owner._recent.Select(entry => entry.V1), seconds);
            Status.V3 = Show(memory.V3, owner._recent.Select(entry => entry.V3), seconds);

            static VersionTraffic Show(VersionCounts phase, IEnumerable<RequestCounters> recent, double seconds)
            {
                var window = recent.Aggregate(new RequestCounters(), (sum, next) => sum.Plus(next));
                return new VersionTraffic
                {
                    Requests = phase.Requests, Errors = phase.Errors, Slow = phase.Slow,
                    RequestsPerSecond = seconds > 0 ? Math.Round(window.Judged / seconds, 2) : null,
                    ErrorRatePercent = window.Judged > 0 ? Math.Round(100d * window.ServerErrors / window.Judged, 3) : null,
                    P50Milliseconds = Round(window.QuantileMilliseconds(0.50)),
                    P95Milliseconds = Round(window.QuantileMilliseconds(0.95)),
                    P99Milliseconds = Round(window.QuantileMilliseconds(0.99)),
                };
            }

            static double? Round(double? value) => value is { } number ? Math.Round(number, 2) : null;
        }

        /// <summary>Where the rollout stands now, and whether it goes up. Returns true when it moved.</summary>
        private async Task<bool> DecideAsync(GuardianMemory memory, CancellationToken cancellationToken)
        {
            var current = RolloutPlan.PhaseAt(Spec, Status.Percent);
            var ready = Status.Pods.Where(pod => pod.Ready).ToList();
            var applied = ready.Count > 0 && ready.All(pod => pod.Percent == Status.Percent && pod.AppliedRevision is not null);
            SetCondition("Applied", applied, applied ? "AllPods" : "Waiting", Text($"{ready.Count(pod => pod.Percent == Status.Percent)} of {ready.Count} ready pods are at {Status.Percent} %."));
            SetCondition("Locked", Status.Lock is not null, Status.Lock is null ? "Unlocked" : "Incident", Status.Lock is { } held ? $"{held.Incident}: {held.Reason}" : "No incident is open.");

            if (Status.Lock is { } locked)
            {
                SetState(Status.Percent == 0 ? RolloutState.RolledBack : RolloutState.Suspended, "Locked",
                    $"Locked by incident {locked.Incident}: {locked.Reason} Acknowledge it to go on.");
                return false;
            }
            if (Spec.Suspended)
            {
                SetState(RolloutState.Suspended, "Suspended", Text($"Suspended by an operator at {Status.Percent} %."));
                return false;
            }
            if (Status.MetricsMissingSince is not null && Status.Percent > 0)
            {
                SetState(RolloutState.Frozen, "MetricsMissing",
                    $"Frozen: {Condition("MetricsAvailable")?.Message} Rolls back after {GoDuration.Format(Spec.Limits.MissingMetrics)}.");
                return false;
            }
            if (Status.Percent > 0 && !applied)
            {
                if (Status.State is not RolloutState.Raising) SetState(RolloutState.Raising, "Applying", Text($"Waiting until every ready pod has applied {Status.Percent} %."));
                return false;
            }
            if (Status.Percent > 0 && Status.State is RolloutState.Raising or RolloutState.Pending or RolloutState.Frozen or RolloutState.Suspended or RolloutState.Idle)
            {
                Status.PhaseStartedAt ??= Now;
                if (memory.IdleChecks < ChecksUntilIdle)
                    SetState(RolloutState.Soaking, "Soaking", Text($"Every ready pod is at {Status.Percent} %; {current?.Name} soaks for {GoDuration.Format(current?.Soak ?? default)}."));
            }
            if (Status.Percent > 0 && memory.IdleChecks >= ChecksUntilIdle && Status.State is not RolloutState.Completed)
            {
                SetState(RolloutState.Idle, "Idle", "v3 gets no requests: nothing is learned, so the phase is held.");
                return false;
            }

            if (Status.Percent > 0 && Waiting(current!, memory) is { } waiting)
            {
                Status.Message = waiting;
                return false;
            }
            if (RolloutPlan.Next(Spec, Status.Percent) is not { } next)
            {
                if (Status.Percent == 0) SetState(RolloutState.Pending, "NothingAsked", "At 0 %, and nothing more is asked for.");
                else SetState(RolloutState.Completed, "Completed", Text($"{Status.Percent} % is reached and {current!.Name} has passed. Watching goes on."));
                return false;
            }

            if (await RefusalAsync(next, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                if (Status.Percent == 0) SetState(RolloutState.Pending, "Waiting", refusal);
                Status.Message = refusal;
                return false;
            }
            await MoveAsync(next.Percent, "Raised", Text($"Raised from {Status.Percent} to {next.Percent} % ({next.Phase.Name})."), cancellationToken).ConfigureAwait(false);
            return true;
        }

        /// <summary>What the present phase still needs, or null.</summary>
        private string? Waiting(RolloutPhase phase, GuardianMemory memory)
        {
            var missing = new List<string>();
            if (memory.Soaked < phase.Soak) missing.Add($"{GoDuration.Format(TimeSpan.FromSeconds(Math.Ceiling((phase.Soak - memory.Soaked).TotalSeconds)))} of soak");
            if (memory.V3.Requests < phase.MinimumRequests) missing.Add(Text($"{phase.MinimumRequests - memory.V3.Requests} v3 requests"));
            if (owner._book!.Progress >= ClearEvidence) missing.Add("clear evidence");
            return missing.Count == 0 ? null : $"{phase.Name} still needs {string.Join(", ", missing)}.";
        }

        /// <summary>Why the next step may not begin, or null.</summary>
        private async Task<string?> RefusalAsync(RolloutStep next, CancellationToken cancellationToken)
        {
            if (RolloutPlan.Check(Spec) is { } wrong) return wrong;
            if (Status.MetricsMissingSince is not null) return $"{next.Phase.Name} waits: {Condition("MetricsAvailable")?.Message}";
            if (!Status.Pods.Any(pod => pod.Ready)) return $"{next.Phase.Name} waits: no node pod is ready.";
            if (Status.NotReadyChecks > 0) return $"{next.Phase.Name} waits: fewer pods are ready than desired.";
            if (_configuration.Release is { Length: > 0 } deployed && deployed != Spec.Release)
                return $"{next.Phase.Name} waits: the nodes run release {deployed}, the rollout is for {Spec.Release}.";
            if (Spec.Validation.Required && Status.Percent == 0)
            {
                var record = await _cluster.ReadValidationAsync(cancellationToken).ConfigureAwait(false);
                var refusal = record switch
                {
                    null => "no validation is recorded",
                    _ when record.Release != Spec.Release => $"the recorded validation is for release {record.Release}",
                    { Decision: not "GO", ApprovedBy: null } => $"the recorded decision is {record.Decision}",
                    { Decision: "NO-GO" } => "the recorded decision is NO-GO",
                    _ when Now - record.Time > Spec.Validation.MaximumAge => $"the recorded validation of {record.Time:u} is older than {GoDuration.Format(Spec.Validation.MaximumAge)}",
                    _ => null,
                };
                if (refusal is not null) return $"{next.Phase.Name} waits: {refusal}. Run Invoke-DwcpValidation.";
            }
            if (!Spec.Approval.Required) return null;
            var approvals = (await _cluster.ListApprovalsAsync(cancellationToken).ConfigureAwait(false))
                .Where(approval => approval.Spec.Rollout == Rollout.Metadata.Name && approval.Spec.Phase == next.Phase.Name && approval.Spec.Release == Spec.Release)
                .Where(approval => Status.LastRollbackAt is not { } rolledBack || approval.Metadata.CreationTimestamp is not { } given || given.ToUniversalTime() > rolledBack.UtcDateTime)
                .ToList();
            if (approvals.Any(approval => Spec.Approval.AllowRequester || approval.Spec.Approver != Spec.RequestedBy)) return null;
            return approvals.Count == 0
                ? $"{next.Phase.Name} waits for approval (Approve-DwcpRollout -Phase {next.Phase.Name} -Reason ...)."
                : $"{next.Phase.Name} waits for the approval of somebody other than {Spec.RequestedBy}, who asked for it.";
        }

        /// <summary>Announce, write, confirm: whichever of the three a kill leaves undone, the next pass sees which it was.</summary>
        private async Task MoveAsync(int percent, string reason, string message, CancellationToken cancellationToken)
        {
            Status.IntendedPercent = percent;
            _changed = true;
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            // One patch carries ceiling and flag, so no node ever sees the one without the other; it fails if anybody wrote in between.
            _configuration = await _cluster.PatchConfigurationAsync(
                new RolloutConfigurationPatch { Flag = percent, Ceiling = percent, Revision = _configuration.Revision }, cancellationToken).ConfigureAwait(false);
            ConfirmMove(percent, reason, message);
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
        }

        private void ConfirmMove(int percent, string reason, string message, string type = "Normal")
        {
            Status.Percent = percent;
            Status.IntendedPercent = null;
            Status.Revision = _configuration.Revision;
            Status.Phase = RolloutPlan.PhaseAt(Spec, percent)?.Name;
            Status.PhaseStartedAt = null;
            Status.Soaked = TimeSpan.Zero;
            Status.State = percent == 0 ? RolloutState.Pending : RolloutState.Raising;
            Note(reason, message, type);
        }

        /// <summary>Flag first, in the very first call; the status follows.</summary>
        private async Task BeginRollbackAsync(RolloutTrigger trigger, CancellationToken cancellationToken)
        {
            // What triggered may be seen only once (a counter's difference): it is kept until the flag is down.
            owner._pending = trigger;
            var now = Now;
            var incident = RollbackService.NewIncident(now);
            _configuration = await _cluster.PatchConfigurationAsync(
                new RolloutConfigurationPatch { Flag = 0, Ceiling = 0, LockedBy = incident, LockReason = $"{trigger.Reason}: {trigger.Message}" }, cancellationToken).ConfigureAwait(false);
            owner._pending = null;
            Status.Rollback = new RollbackInProgress
            {
                Incident = incident, Trigger = trigger.Reason, Reason = trigger.Message, StartedAt = now, PercentBefore = Status.Percent, ByGuardian = true, FlagZeroAt = Now,
            };
            BeginRollingBack();
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
        }

        private void BeginRollingBack()
        {
            var rollback = Status.Rollback!;
            Status.Lock = new RolloutLock { Incident = rollback.Incident, Since = rollback.StartedAt, Reason = $"{rollback.Trigger}: {rollback.Reason}" };
            Status.LastRollbackAt = rollback.StartedAt;
            Status.Percent = 0;
            Status.IntendedPercent = null;
            Status.Revision = _configuration.Revision;
            Status.Phase = null;
            Status.PhaseStartedAt = null;
            Status.Soaked = TimeSpan.Zero;
            Status.State = RolloutState.RollingBack;
            Note(rollback.Trigger, Text($"Rolling back from {rollback.PercentBefore} %, incident {rollback.Incident}: {rollback.Reason}"), "Warning");
        }

        /// <summary>Carries on the rollback that the status speaks of. Returns how long to wait for the next pass, or null when there is none.</summary>
        private async Task<TimeSpan?> FinishRollbackAsync(CancellationToken cancellationToken)
        {
            if (Status.State != RolloutState.RollingBack || Status.Rollback is not { } rollback) return null;
            DwcpRollbackReport? report = null;
            if (_configuration.Completed != rollback.Incident)
            {
                if (!rollback.ByGuardian && Now - rollback.StartedAt < ForeignRollbackGrace && _configuration.Effective == 0)
                    return TimeSpan.FromMilliseconds(500);
                report = await new RollbackService(_cluster, owner.Time).RollbackAsync(new RollbackOptions
                {
                    Reason = rollback.Reason, Trigger = rollback.Trigger, RequestedBy = rollback.ByGuardian ? "guardian" : null,
                    Incident = rollback.Incident, PercentBefore = rollback.PercentBefore, DecidedAt = rollback.StartedAt, FlagZeroAt = rollback.FlagZeroAt,
                }, new LogProgress(owner.Options.Log), cancellationToken).ConfigureAwait(false);
                owner.Rollbacks++;
            }
            Status.Rollback = null;
            _changed = true;
            SetState(RolloutState.RolledBack, "RolledBack", report switch
            {
                null => $"Rolled back to 0 %, incident {rollback.Incident}: {rollback.Reason}",
                { Succeeded: true } => Text($"Rolled back to 0 %, incident {rollback.Incident}: proven on every pod {(report.ProvenAt - rollback.StartedAt)?.TotalSeconds:0.0} s after the decision. {rollback.Reason}"),
                _ => Text($"Flag and ceiling are 0, incident {rollback.Incident}, but: {string.Join(" ", report.Problems.Take(3))}"),
            }, type: "Warning");
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            return TimeSpan.Zero;
        }

        private void SetState(RolloutState state, string reason, string message, string type = "Normal")
        {
            if (Status.State == state && Status.Message == message) return;
            var changed = Status.State != state || Status.History.Count == 0;
            Status.State = state;
            Status.Message = message;
            _changed = true;
            if (changed) Note(reason, message, type);
        }

        private void Note(string reason, string message, string type)
        {
            Status.Message = message;
            Status.History.Add(new RolloutHistoryEntry
            {
                Number = Status.NextHistoryNumber++, Time = Now, State = Status.State, Phase = Status.Phase, Percent = Status.Percent, Reason = reason, Message = message,
            });
            _events.Add((type, reason, message));
            _changed = true;
            owner.Options.Log?.Invoke($"{reason}: {message}");
        }

        private V1Condition? Condition(string type) => Status.Conditions.FirstOrDefault(condition => condition.Type == type);

        private void SetCondition(string type, bool value, string reason, string message)
        {
            var status = value ? "True" : "False";
            var condition = Condition(type);
            if (condition is null) Status.Conditions.Add(condition = new V1Condition { Type = type });
            if (condition.Status != status) condition.LastTransitionTime = Now.UtcDateTime;
            (condition.Status, condition.Reason, condition.Message, condition.ObservedGeneration) = (status, reason, message, Rollout.Metadata.Generation);
        }

        private async Task SaveStatusAsync(CancellationToken cancellationToken)
        {
            if (!_changed) return;
            await ArchiveHistoryAsync(cancellationToken).ConfigureAwait(false);
            // The spec of this pass stays the one that it was decided on; a newer one is read by the next pass.
            var spec = Rollout.Spec;
            Rollout = await _cluster.WriteRolloutStatusAsync(Rollout, cancellationToken).ConfigureAwait(false);
            Rollout.Status ??= new DwcpRolloutStatus();
            Rollout.Spec = spec;
            _changed = false;
            foreach (var (type, reason, message) in _events)
            {
                try
                {
                    await _cluster.RecordEventAsync(type, reason, message, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (RollbackService.IsFailure(e))
                {
                    // The history has it; an Event is a copy for people and holds nothing up.
                    owner.Options.Log?.Invoke($"Event {reason} was not recorded: {e.Message}");
                }
            }
            _events.Clear();
        }

        /// <summary>Moves the oldest entries out of a full status. The document is complete before the status forgets its entries.</summary>
        private async Task ArchiveHistoryAsync(CancellationToken cancellationToken)
        {
            while (Status.History.Count > HistoryInStatus)
            {
                var oldest = Status.History.Take(HistoryPerDocument).ToList();
                var name = RolloutNames.HistoryConfigMapPrefix + oldest[0].Number.ToString("D8", CultureInfo.InvariantCulture);
                try
                {
                    await _cluster.WriteDocumentAsync(new RolloutDocument(name, JsonSerializer.Serialize(oldest, RolloutJson.Options), null), cancellationToken).ConfigureAwait(false);
                }
                catch (RolloutConflictException)
                {
                    // Written before a kill that came before the status forgot these entries; they never change.
                }
                Status.History.RemoveRange(0, HistoryPerDocument);
            }
        }

        private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
    }

    private IRolloutCluster Cluster => cluster;

    private GuardianOptions Options => options;

    private TimeProvider Time => time;

    /// <summary>Progress as log lines, in the order in which it happens.</summary>
    private sealed class LogProgress(Action<string>? log) : IProgress<RollbackStep>
    {
        public void Report(RollbackStep value) => log?.Invoke($"rollback {value.Name}: {(value.Succeeded ? "" : "FAILED: ")}{value.Detail}");
    }
}
