using System.Globalization;
using System.Runtime.CompilerServices;
using k8s.Models;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// What operators do with a rollout. It only writes what is wanted (and approvals) and reads what is; the guardian in the cluster does the work,
/// so a caller may die at any moment.
/// </summary>
public sealed class RolloutService(IRolloutCluster cluster, TimeProvider? time = null)
{
    /// <summary>How often a change of the spec is tried against other writers.</summary>
    private const int WriteAttempts = 10;

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    public RolloutService(ClusterConnection connection, string @namespace, TimeProvider? time = null)
        : this(new KubernetesRolloutCluster(connection, @namespace, time), time)
    {
    }

    /// <summary>Creates or changes the rollout and returns it as stored; does not wait for the guardian.</summary>
    /// <exception cref="DwcpRolloutException">Refused: locked, unknown phase, percent out of range, no release.</exception>
    public async Task<DwcpRollout> SetAsync(RolloutRequest request, CancellationToken cancellationToken = default)
    {
        if ((request.Percent is null ? 0 : 1) + (request.Phase is null ? 0 : 1) + (request.Next ? 1 : 0) != 1)
            throw new DwcpRolloutException("InvalidRequest", "Exactly one of percent, phase and next must be given.");
        var user = await cluster.ReadIdentityAsync(cancellationToken).ConfigureAwait(false);
        var configuration = await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NotStaged", $"ConfigMap {cluster.Namespace}/{RolloutNames.ConfigMap} does not exist. Stage DWCP v3 first (New-DwcpStaging).");
        return await ChangeAsync(create: true, rollout =>
        {
            var spec = rollout.Spec;
            if (request.Phases is not null) spec.Phases = [.. request.Phases];
            if (request.Limits is not null) spec.Limits = request.Limits;
            if (request.CheckInterval is { } interval) spec.CheckInterval = interval;
            if (request.Metrics is not null) spec.Metrics = request.Metrics;
            if (request.Approval is not null) spec.Approval = request.Approval;
            if (request.Validation is not null) spec.Validation = request.Validation;
            if (request.AcknowledgeIncident is { } incident) spec.AcknowledgedIncident = incident;
            spec.Release = request.Release ?? configuration.Release ?? "";
            if (spec.Release.Length == 0)
                throw new DwcpRolloutException("NoRelease", $"ConfigMap {RolloutNames.ConfigMap} names no DWCP_VERSION; give the release explicitly.");
            spec.TargetPercent = TargetOf(request, rollout);
            spec.RequestedBy = user;
            var raises = spec.TargetPercent > (rollout.Status?.Percent ?? 0);
            // The way down is open whatever limits an earlier request left behind.
            if ((raises || request.Limits is not null ? RolloutPlan.Check(spec) : RolloutPlan.CheckSteps(spec)) is { } wrong) throw new DwcpRolloutException("InvalidRequest", wrong);
            var open = configuration.LockedBy ?? rollout.Status?.Lock?.Incident;
            if (open is not null && spec.AcknowledgedIncident != open && raises)
                throw new DwcpRolloutException("Locked",
                    $"The rollout is locked by incident {open}: {configuration.LockReason ?? rollout.Status?.Lock?.Reason} Look into it, then acknowledge it by its id.");
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The rollout, or null when there is none.</summary>
    public Task<DwcpRollout?> GetAsync(CancellationToken cancellationToken = default) => cluster.ReadRolloutAsync(cancellationToken);

    /// <summary>One observation of the rollout as it is, or null when there is none.</summary>
    public async Task<RolloutObservation?> ObserveAsync(CancellationToken cancellationToken = default) =>
        await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false) is { } rollout ? Observe(rollout) : null;

    /// <summary>Holds the rollout at its present percent. Rollback keeps working.</summary>
    public Task<DwcpRollout> SuspendAsync(CancellationToken cancellationToken = default) =>
        ChangeAsync(create: false, rollout => rollout.Spec.Suspended = true, cancellationToken);

    /// <summary>Lets a suspended rollout go on.</summary>
    public Task<DwcpRollout> ResumeAsync(CancellationToken cancellationToken = default) =>
        ChangeAsync(create: false, rollout => rollout.Spec.Suspended = false, cancellationToken);

    /// <summary>Asks the guardian to switch v1 off once nobody has used it for the window, or to switch it on again.</summary>
    /// <param name="disable">Off, or on.</param>
    /// <param name="window">How long nobody may have used it; null: as the rollout says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpRolloutException">There is no rollout, its target is not 100 %, or it is locked.</exception>
    public async Task<DwcpRollout> DisableV1Async(bool disable, TimeSpan? window = null, CancellationToken cancellationToken = default)
    {
        if (window < TimeSpan.Zero) throw new DwcpRolloutException("InvalidRequest", "The window without v1 traffic is not below 0.");
        var user = await cluster.ReadIdentityAsync(cancellationToken).ConfigureAwait(false);
        return await ChangeAsync(create: false, rollout =>
        {
            if (disable && rollout.Status?.Lock is { } held)
                throw new DwcpRolloutException("Locked", $"The rollout is locked by incident {held.Incident}: {held.Reason} v1 stays on.");
            if (disable && rollout.Spec.TargetPercent < 100)
                throw new DwcpRolloutException("NotComplete", Text($"The rollout's target is {rollout.Spec.TargetPercent} %. v1 can go when everybody is on v3: Set-DwcpRollout 100."));
            rollout.Spec.Deprecation.DisableV1 = disable;
            if (window is { } time) rollout.Spec.Deprecation.Window = time;
            if (disable) rollout.Spec.RequestedBy = user;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Acknowledges the incident that locks the rollout, so that it may be tried again from the first phase.</summary>
    /// <exception cref="DwcpRolloutException">Another incident, or none, locks the rollout.</exception>
    public async Task<DwcpRollout> AcknowledgeAsync(string incident, CancellationToken cancellationToken = default)
    {
        var configuration = await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false);
        return await ChangeAsync(create: false, rollout =>
        {
            var open = configuration?.LockedBy ?? rollout.Status?.Lock?.Incident;
            if (open != incident)
                throw new DwcpRolloutException("UnknownIncident", open is null ? "No incident locks the rollout." : $"The rollout is locked by incident {open}, not by {incident}.");
            rollout.Spec.AcknowledgedIncident = incident;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Approves one phase in the name of the authenticated user.</summary>
    /// <exception cref="DwcpRolloutException">Refused: unknown phase, no rollout, no reason, or the approver asked for the rollout.</exception>
    public async Task<DwcpApproval> ApproveAsync(string phase, string reason, CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw new DwcpRolloutException("NoReason", "An approval needs a reason.");
        var rollout = await ExistingAsync(cancellationToken).ConfigureAwait(false);
        if (phase != RolloutDeprecation.Phase && rollout.Spec.Phases.All(known => known.Name != phase))
            throw new DwcpRolloutException("UnknownPhase",
                $"There is no phase {phase}. Phases: {string.Join(", ", rollout.Spec.Phases.Select(known => known.Name))}, and {RolloutDeprecation.Phase} for the end of v1.");
        var user = await cluster.ReadIdentityAsync(cancellationToken).ConfigureAwait(false);
        if (!rollout.Spec.Approval.AllowRequester && user == rollout.Spec.RequestedBy)
            throw new DwcpRolloutException("OwnRequest", $"{user} asked for this rollout; somebody else must approve it (or spec.approval.allowRequester be set).");
        return await cluster.CreateApprovalAsync(new DwcpApproval
        {
            Metadata = new V1ObjectMeta { GenerateName = phase + "-", NamespaceProperty = cluster.Namespace },
            Spec = new DwcpApprovalSpec { Rollout = rollout.Metadata.Name, Phase = phase, Release = rollout.Spec.Release, Approver = user, Reason = reason },
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The live view: one observation at once, then one for every change, until the rollout rests, the time is up, or the caller cancels.</summary>
    /// <exception cref="DwcpRolloutException">There is no rollout.</exception>
    public async IAsyncEnumerable<RolloutObservation> WatchAsync(RolloutWatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new RolloutWatchOptions();
        var began = _time.GetTimestamp();
        string? seen = null;
        while (true)
        {
            DwcpRollout? rollout = null;
            try
            {
                rollout = await ExistingAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (DwcpClusterException e) when (e.Failure is ClusterFailure.Unreachable or ClusterFailure.Timeout or ClusterFailure.ServerError or ClusterFailure.Throttled)
            {
                // The rollout goes on without us; so does the watch when the API server is back.
            }
            if (rollout is not null && rollout.Metadata.ResourceVersion != seen)
            {
                seen = rollout.Metadata.ResourceVersion;
                var observation = Observe(rollout);
                yield return observation;
                var current = rollout.Status?.ObservedGeneration == rollout.Metadata.Generation;
                if (current && options.Until is { } until)
                {
                    if (until(observation) || observation.State is RolloutState.RolledBack) yield break;
                }
                else if (current && observation.IsResting && !(observation.State == RolloutState.Completed && observation.Percent < observation.TargetPercent)) yield break;
                if (current && options.UntilTargetApplied && observation.Percent == observation.TargetPercent && observation.ReadyPods > 0
                    && observation.AppliedPods == observation.ReadyPods)
                    yield break;
            }
            if (options.For is { } limit && _time.GetElapsedTime(began) >= limit) yield break;
            await Task.Delay(options.PollInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The view of a rollout as its status shows it.</summary>
    public RolloutObservation Observe(DwcpRollout rollout)
    {
        var status = rollout.Status ?? new DwcpRolloutStatus();
        var phase = RolloutPlan.PhaseAt(rollout.Spec, status.Percent);
        var soaking = phase is not null && status.State is RolloutState.Soaking or RolloutState.Idle or RolloutState.Raising or RolloutState.Frozen;
        return new RolloutObservation
        {
            Time = status.LastCheckAt ?? _time.GetUtcNow(),
            State = status.State,
            Phase = status.Phase,
            Percent = status.Percent,
            TargetPercent = rollout.Spec.TargetPercent,
            V1 = status.V1,
            V3 = status.V3,
            Evidence = status.Evidence,
            Pods = status.Pods,
            TimeRemaining = soaking ? TimeSpan.FromTicks(Math.Max(0, (phase!.Soak - status.Soaked).Ticks)) : null,
            RequestsRemaining = soaking ? Math.Max(0, phase!.MinimumRequests - (status.V3?.Requests ?? 0)) : null,
            V1Quiet = status.V1Quiet,
            V1DisabledAt = status.V1DisabledAt,
            Message = status.Message,
            Lock = status.Lock,
            LastStep = status.History.LastOrDefault(),
            Rollout = rollout,
        };
    }

    private static int TargetOf(RolloutRequest request, DwcpRollout rollout)
    {
        if (request.Percent is { } percent)
            return percent is >= 0 and <= 100 ? percent : throw new DwcpRolloutException("InvalidRequest", Text($"{percent} % is not between 0 and 100."));
        var phases = rollout.Spec.Phases.OrderBy(phase => phase.Percent).ToList();
        if (request.Phase is { } name)
            return phases.FirstOrDefault(phase => phase.Name == name)?.Percent
                ?? throw new DwcpRolloutException("UnknownPhase", $"There is no phase {name}. Phases: {string.Join(", ", phases.Select(phase => phase.Name))}.");
        var present = rollout.Status?.Percent ?? 0;
        return phases.FirstOrDefault(phase => phase.Percent > present)?.Percent
            ?? throw new DwcpRolloutException("NoNextPhase", Text($"There is no phase after {present} %."));
    }

    private async Task<DwcpRollout> ChangeAsync(bool create, Action<DwcpRollout> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var rollout = create
                ? await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false)
                  ?? new DwcpRollout { Metadata = new V1ObjectMeta { Name = RolloutNames.Rollout, NamespaceProperty = cluster.Namespace } }
                : await ExistingAsync(cancellationToken).ConfigureAwait(false);
            change(rollout);
            try
            {
                return await cluster.WriteRolloutAsync(rollout, cancellationToken).ConfigureAwait(false);
            }
            catch (RolloutConflictException) when (attempt < WriteAttempts)
            {
                // The guardian writes the status of the same object: read again and change that.
                await Task.Delay(TimeSpan.FromMilliseconds(20 * attempt), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<DwcpRollout> ExistingAsync(CancellationToken cancellationToken) =>
        await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false)
        ?? throw new DwcpRolloutException("NoRollout", $"There is no DwcpRollout in namespace {cluster.Namespace}. Begin one with Set-DwcpRollout.");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
