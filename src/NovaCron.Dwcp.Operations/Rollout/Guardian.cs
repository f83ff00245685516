namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The rollout's controller: elects a leader, reconciles the DwcpRollout, rolls back. May be killed at any line.</summary>
public sealed class Guardian(GuardianOptions options, IRolloutCluster cluster, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>The guardian's own state, for /health, /ready and /metrics; safe to read at any time.</summary>
    public GuardianHealth Health { get; private set; } = new();

    /// <summary>Runs until cancelled; then gives up the lease. Failures of the cluster are retried, never fatal.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        _ = (options, cluster, _time);
        throw new NotImplementedException();
    }
}
