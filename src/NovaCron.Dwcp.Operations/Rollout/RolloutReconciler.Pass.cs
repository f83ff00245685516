using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

public sealed partial class RolloutReconciler
{
    /// <summary>The state of one pass.</summary>
    private sealed partial class Pass(RolloutReconciler owner, DwcpRollout rollout, RolloutConfiguration configuration)
    {
        private readonly IRolloutCluster _cluster = owner.Cluster;
        private readonly List<(string Type, string Reason, string Message)> _events = [];
        private RolloutConfiguration _configuration = configuration;
        private bool _changed;
        private string? _acknowledged;

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
            // Nodes without v1 would not follow: half a move is worse than none.
            if (Spec.TargetPercent < Status.Percent && _configuration.V1Archive is null)
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
            if (Spec.TargetPercent < Status.Percent && _configuration.V1Archive is { } archive)
                Status.Message = Text($"{Spec.TargetPercent} % waits: the nodes have no v1 (what had it is kept in ConfigMap {archive}). Invoke-DwcpRollback deploys it again.");
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
                    new RolloutConfigurationPatch { LockedBy = "", LockReason = "", LockTrigger = "", Revision = _configuration.Revision }, cancellationToken).ConfigureAwait(false);
            Status.Lock = null;
            Status.Rollback = null;
            _acknowledged = incident;
            SetState(RolloutState.Pending, "Acknowledged", $"Incident {incident} was acknowledged; the rollout may be tried again.");
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        /// <summary>Lower than ours: an operator's rollback, honoured and locked. Higher: put back. Returns true when something was written.</summary>
        private async Task<bool> AnswerForeignWriteAsync(CancellationToken cancellationToken)
        {
            if (_configuration.LockedBy is { } incident && Status.Lock?.Incident != incident)
            {
                // Somebody's Invoke-DwcpRollback; or a guardian's that was killed, or met a conflict, before it could say so in the status.
                var trigger = _configuration.LockTrigger ?? RolloutNames.OperatorTrigger;
                Status.Rollback = new RollbackInProgress
                {
                    Incident = incident, Trigger = trigger, Reason = _configuration.LockReason ?? "rolled back", StartedAt = Now, PercentBefore = Status.Percent,
                    ByGuardian = trigger != RolloutNames.OperatorTrigger,
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
                    new RolloutConfigurationPatch { Flag = left, Ceiling = left, V1Enabled = true, LockedBy = id, LockReason = what, LockTrigger = "ForeignFlag", Revision = _configuration.Revision },
                    cancellationToken).ConfigureAwait(false);
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

        /// <summary>Announce, write, confirm: whichever of the three a kill leaves undone, the next pass sees which it was.</summary>
        private async Task MoveAsync(int percent, string reason, string message, CancellationToken cancellationToken)
        {
            Status.IntendedPercent = percent;
            _changed = true;
            await SaveStatusAsync(cancellationToken).ConfigureAwait(false);
            // One patch carries ceiling and flag, so no node ever sees the one without the other; it fails if anybody wrote in between.
            _configuration = await _cluster.PatchConfigurationAsync(
                new RolloutConfigurationPatch { Flag = percent, Ceiling = percent, V1Enabled = _configuration.V1Disabled ? true : null, Revision = _configuration.Revision }, cancellationToken)
                .ConfigureAwait(false);
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
            Status.V1DisabledAt = null;
            Status.State = percent == 0 ? RolloutState.Pending : RolloutState.Raising;
            Note(reason, message, type);
        }

        private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
    }
}
