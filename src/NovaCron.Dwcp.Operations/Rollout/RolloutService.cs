namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// What operators do with a rollout. It only writes what is wanted (and approvals) and reads what is; the guardian in the cluster does the work,
/// so a caller may die at any moment.
/// </summary>
public sealed class RolloutService(IRolloutCluster cluster, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Creates or changes the rollout and returns it as stored; does not wait for the guardian.</summary>
    /// <exception cref="DwcpRolloutException">Refused: locked, unknown phase, percent out of range, no release.</exception>
    public Task<DwcpRollout> SetAsync(RolloutRequest request, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The rollout, or null when there is none.</summary>
    public Task<DwcpRollout?> GetAsync(CancellationToken cancellationToken = default) => cluster.ReadRolloutAsync(cancellationToken);

    /// <summary>Holds the rollout at its present percent. Rollback keeps working.</summary>
    public Task<DwcpRollout> SuspendAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Lets a suspended rollout go on.</summary>
    public Task<DwcpRollout> ResumeAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Approves one phase in the name of the authenticated user.</summary>
    /// <exception cref="DwcpRolloutException">Refused: unknown phase, no rollout, or the approver asked for the rollout.</exception>
    public Task<DwcpApproval> ApproveAsync(string phase, string reason, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Acknowledges the incident that locks the rollout, so that it may be tried again from the first phase.</summary>
    public Task<DwcpRollout> AcknowledgeAsync(string incident, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The live view: one observation at once, then one for every change, until the rollout rests, the time is up, or the caller cancels.</summary>
    public IAsyncEnumerable<RolloutObservation> WatchAsync(RolloutWatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        _ = _time;
        throw new NotImplementedException();
    }
}
