namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// Holds the Lease for one replica. Another holder's lease has ended when its content stood still for its whole duration by our own monotonic clock:
/// no two machines' clocks are compared (the rule of client-go's leaderelection).
/// </summary>
public sealed class LeaderElection(IRolloutCluster cluster, GuardianOptions options, TimeProvider time)
{
    private string? _seenRevision;
    private long _seenStamp;
    private long _renewedStamp;
    private bool _held;

    /// <summary>True when our last successful renewal is so old that another replica may lead already.</summary>
    public bool IsExpired => !_held || time.GetElapsedTime(_renewedStamp) >= options.LeaseDuration;

    /// <summary>How long our last successful renewal still counts.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var left = _held ? options.LeaseDuration - time.GetElapsedTime(_renewedStamp) : TimeSpan.Zero;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Takes or renews the lease. Returns whether we hold it.</summary>
    public async Task<bool> TryAcquireAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var lease = await cluster.ReadLeaseAsync(cancellationToken).ConfigureAwait(false);
        var ours = lease?.Holder == options.Identity;
        if (lease is not null && !ours && !string.IsNullOrEmpty(lease.Holder))
        {
            _held = false;
            if (lease.Revision != _seenRevision) (_seenRevision, _seenStamp) = (lease.Revision, began);
            if (time.GetElapsedTime(_seenStamp) < lease.Duration) return false;
        }
        var now = time.GetUtcNow();
        try
        {
            await cluster.WriteLeaseAsync(new GuardianLease
            {
                Holder = options.Identity, Duration = options.LeaseDuration, AcquiredAt = ours ? lease!.AcquiredAt ?? now : now, RenewedAt = now,
                Transitions = (lease?.Transitions ?? 0) + (ours || lease is null ? 0 : 1), Revision = lease?.Revision,
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (RolloutConflictException)
        {
            // The other replica was faster.
            _held = false;
            return false;
        }
        _renewedStamp = began;
        _held = true;
        return true;
    }

    /// <summary>Gives the lease up, if it is ours.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (!_held) return;
        _held = false;
        var lease = await cluster.ReadLeaseAsync(cancellationToken).ConfigureAwait(false);
        if (lease?.Holder == options.Identity) await cluster.WriteLeaseAsync(lease with { Holder = "" }, cancellationToken).ConfigureAwait(false);
    }
}
