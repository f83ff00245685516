using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

public sealed partial class RolloutReconciler
{
    /// <content>Rolling back, and carrying on a rollback that was begun.</content>
    private sealed partial class Pass
    {
        /// <summary>Flag first, in the very first call; the status follows.</summary>
        private async Task BeginRollbackAsync(RolloutTrigger trigger, CancellationToken cancellationToken)
        {
            // What triggered may be seen only once (a counter's difference): it is kept until the flag is down.
            owner._pending = trigger;
            var now = Now;
            var incident = RollbackService.NewIncident(now);
            _configuration = await _cluster.PatchConfigurationAsync(
                new RolloutConfigurationPatch { Flag = 0, Ceiling = 0, V1Enabled = true, LockedBy = incident, LockReason = trigger.Message, LockTrigger = trigger.Reason }, cancellationToken).ConfigureAwait(false);
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
            Status.V1DisabledAt = null;
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
    }
}
