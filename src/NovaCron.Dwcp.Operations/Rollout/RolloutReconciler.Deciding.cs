namespace NovaCron.Dwcp.Operations.Rollout;

public sealed partial class RolloutReconciler
{
    /// <content>Whether the rollout goes up.</content>
    private sealed partial class Pass
    {
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
                return await DeprecateAsync(memory, cancellationToken).ConfigureAwait(false);
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

        /// <summary>
        /// Whether v1 is switched off, once everything else is done. A kill between write and status leaves a switch that the next pass sees and takes for its
        /// own, if it would have turned it. Returns true when it did.
        /// </summary>
        private async Task<bool> DeprecateAsync(GuardianMemory memory, CancellationToken cancellationToken)
        {
            if (Status.V1DisabledAt is not null && !_configuration.V1Disabled)
            {
                Status.V1DisabledAt = null;
                (memory.V1Quiet, Status.V1Quiet) = (TimeSpan.Zero, TimeSpan.Zero);
                await owner.SaveMemoryAsync(cancellationToken).ConfigureAwait(false);
                Note("V1Enabled", "Somebody switched v1 on again. That is honoured; the window without v1 begins anew.", "Warning");
                return false;
            }
            if (Status.V1DisabledAt is not null && Spec.Deprecation.DisableV1) return false;

            var wanted = Spec.Deprecation.DisableV1 && Status.Percent == 100;
            string? refusal = null;
            if (wanted && memory.V1Quiet < Spec.Deprecation.Window)
                refusal = $"v1 is switched off after {GoDuration.Format(Spec.Deprecation.Window)} without v1 traffic; {GoDuration.Format(Whole(memory.V1Quiet))} so far, " +
                    $"{(memory.V1UsedAt is { } used ? Text($"v1 was last used at {used:u}") : "v1 was never used in this attempt")}.";
            else if (wanted) refusal = await UnapprovedAsync(RolloutDeprecation.Phase, cancellationToken).ConfigureAwait(false);
            if (refusal is not null) Status.Message = refusal;
            var disable = wanted && refusal is null;
            if (disable == _configuration.V1Disabled && disable == Status.V1DisabledAt is not null) return false;

            if (disable != _configuration.V1Disabled)
                _configuration = await _cluster.PatchConfigurationAsync(
                    new RolloutConfigurationPatch { V1Enabled = !disable, Revision = _configuration.Revision }, cancellationToken).ConfigureAwait(false);
            Status.Revision = _configuration.Revision;
            Status.V1DisabledAt = disable ? Now : null;
            if (disable) Note("V1Disabled", $"v1 is switched off: nobody has used it for {GoDuration.Format(Whole(memory.V1Quiet))}. Flag 0 brings it back at once.", "Normal");
            else Note("V1Enabled", Spec.Deprecation.DisableV1 ? "Somebody switched v1 off too early; it is on again." : "v1 is switched on again, as asked for.", "Warning");
            return true;

            static TimeSpan Whole(TimeSpan time) => TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds));
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
            if (Condition(SourcesAgree) is { Status: "False" } differ) return $"{next.Phase.Name} waits: Prometheus and the pods differ: {differ.Message}";
            if (!Status.Pods.Any(pod => pod.Ready)) return $"{next.Phase.Name} waits: no node pod is ready.";
            if (Status.NotReadyChecks > 0) return $"{next.Phase.Name} waits: fewer pods are ready than desired.";
            if (_configuration.Release is { Length: > 0 } deployed && deployed != Spec.Release)
                return $"{next.Phase.Name} waits: the nodes run release {deployed}, the rollout is for {Spec.Release}.";
            if (Spec.Validation.Required)
            {
                // Age and decision count when traffic begins; that it is still the same software counts at every step.
                var begins = Status.Percent == 0;
                var record = await _cluster.ReadValidationAsync(cancellationToken).ConfigureAwait(false);
                var refusal = record switch
                {
                    { Mismatch: { } mismatch } => mismatch,
                    _ when !begins => null,
                    null => "no validation is recorded",
                    { Decision: "REVIEW", ApprovedBy: null } when record.Release == Spec.Release => "the recorded decision is REVIEW, and nobody has approved it (Approve-DwcpValidation)",
                    _ when record.Release != Spec.Release => $"the recorded validation is for release {record.Release}",
                    // An approval outlives the decision that it was given for: a later run may have found something.
                    { Decision: not "GO" } => $"the recorded decision is {record.Decision}",
                    _ when Now - record.Time > Spec.Validation.MaximumAge => $"the recorded validation of {record.Time:u} is older than {GoDuration.Format(Spec.Validation.MaximumAge)}",
                    _ => null,
                };
                if (refusal is not null) return $"{next.Phase.Name} waits: {refusal}. Run Invoke-DwcpValidation.";
            }
            return await UnapprovedAsync(next.Phase.Name, cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Which approval is missing, or null.</summary>
        private async Task<string?> UnapprovedAsync(string phase, CancellationToken cancellationToken)
        {
            if (!Spec.Approval.Required) return null;
            var approvals = (await _cluster.ListApprovalsAsync(cancellationToken).ConfigureAwait(false))
                .Where(approval => approval.Spec.Rollout == Rollout.Metadata.Name && approval.Spec.Phase == phase && approval.Spec.Release == Spec.Release)
                .Where(approval => Status.LastRollbackAt is not { } rolledBack || approval.Metadata.CreationTimestamp is not { } given || given.ToUniversalTime() > rolledBack.UtcDateTime)
                .ToList();
            if (approvals.Any(approval => Spec.Approval.AllowRequester || approval.Spec.Approver != Spec.RequestedBy)) return null;
            return approvals.Count == 0
                ? $"{phase} waits for approval (Approve-DwcpRollout -Phase {phase} -Reason ...)."
                : $"{phase} waits for the approval of somebody other than {Spec.RequestedBy}, who asked for it.";
        }
    }
}
