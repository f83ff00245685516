using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Rollback;

/// <summary>Rolls v3 back to 0 % and proves it. Needs neither guardian nor metrics; used by the guardian and by Invoke-DwcpRollback.</summary>
public sealed class RollbackService(IRolloutCluster cluster, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Flag 0 first, then proof on every ready pod, logs and metrics saved, rolling restart, verification, lock, report.</summary>
    /// <exception cref="DwcpRolloutException">The flag could not be written: nothing was rolled back.</exception>
    public Task<DwcpRollbackReport> RollbackAsync(
        RollbackOptions options, IProgress<RollbackStep>? progress = null, CancellationToken cancellationToken = default)
    {
        _ = (cluster, _time);
        throw new NotImplementedException();
    }
}
