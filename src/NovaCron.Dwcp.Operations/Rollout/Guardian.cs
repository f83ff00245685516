using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The rollout's controller: elects a leader among its replicas, reconciles the DwcpRollout, rolls back. May be killed at any line.</summary>
public sealed class Guardian
{
    private readonly GuardianOptions _options;
    private readonly IRolloutCluster _cluster;
    private readonly TimeProvider _time;
    private readonly RolloutReconciler _reconciler;
    private volatile GuardianHealth _health = new();

    public Guardian(GuardianOptions options, IRolloutCluster cluster, TimeProvider? time = null)
    {
        if (options.RenewInterval >= options.LeaseDuration) throw new ArgumentException("A lease must be renewed before it ends.", nameof(options));
        (_options, _cluster, _time) = (options, cluster, time ?? TimeProvider.System);
        _reconciler = new RolloutReconciler(cluster, options, _time);
    }

    /// <summary>The guardian's own state, for /health, /ready and /metrics; safe to read at any time.</summary>
    public GuardianHealth Health => _health;

    /// <summary>Runs until cancelled; then gives up the lease. Failures of the cluster are retried, never fatal.</summary>
    public static Task RunAsync(GuardianOptions options, ClusterConnection connection, TimeProvider? time = null, CancellationToken cancellationToken = default) =>
        new Guardian(options, new KubernetesRolloutCluster(connection, options.Namespace, time), time).RunAsync(cancellationToken);

    /// <summary>Runs until cancelled; then gives up the lease. Failures of the cluster are retried, never fatal.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var election = new LeaderElection(_cluster, _options, _time);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var leads = await election.TryAcquireAsync(cancellationToken).ConfigureAwait(false);
                _health = _health with { IsLeader = leads, LastSuccess = _time.GetUtcNow(), LastError = null };
                if (leads) await LeadAsync(election, cancellationToken).ConfigureAwait(false);
                else await Task.Delay(_options.RenewInterval, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (RollbackService.IsFailure(e))
            {
                _health = _health with { IsLeader = false, LastError = e.Message };
                _options.Log?.Invoke($"election: {e.Message}");
                await PauseAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
            }
        }
        _health = _health with { IsLeader = false };
        await ReleaseAsync(election).ConfigureAwait(false);
    }

    /// <summary>Reconciles for as long as the lease is ours, by the monotonic clock.</summary>
    private async Task LeadAsync(LeaderElection election, CancellationToken cancellationToken)
    {
        _options.Log?.Invoke($"{_options.Identity} leads.");
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var renewal = RenewAsync(election, lost);
        try
        {
            _reconciler.BeginLeadership();
            while (!lost.IsCancellationRequested) await ReconcileOnceAsync(lost.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // Either we were told to stop, or the lease is gone; the outer loop sees which.
        }
        finally
        {
            await lost.CancelAsync().ConfigureAwait(false);
            await renewal.ConfigureAwait(false);
        }
        _health = _health with { IsLeader = false };
        _options.Log?.Invoke($"{_options.Identity} leads no more.");
    }

    private async Task ReconcileOnceAsync(CancellationToken cancellationToken)
    {
        TimeSpan delay;
        try
        {
            delay = await _reconciler.ReconcileAsync(cancellationToken).ConfigureAwait(false);
            _health = _health with
            {
                LastSuccess = _time.GetUtcNow(), LastError = null, Checks = _reconciler.Checks, FailedChecks = _reconciler.FailedChecks, Rollbacks = _reconciler.Rollbacks,
                Percent = _reconciler.Last?.Status?.Percent ?? 0, State = _reconciler.Last?.Status?.State,
            };
        }
        catch (RolloutConflictException e)
        {
            // Somebody wrote in between: read again, decide anew.
            _options.Log?.Invoke($"reconcile: {e.Message}");
            delay = TimeSpan.FromMilliseconds(100);
        }
        catch (Exception e) when (RollbackService.IsFailure(e))
        {
            _health = _health with { LastError = e.Message };
            _options.Log?.Invoke($"reconcile: {e.Message}");
            delay = TimeSpan.FromSeconds(1);
        }
        if (delay > TimeSpan.Zero) await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
    }

    private async Task RenewAsync(LeaderElection election, CancellationTokenSource lost)
    {
        while (!lost.IsCancellationRequested)
        {
            await PauseAsync(_options.RenewInterval, lost.Token).ConfigureAwait(false);
            if (lost.IsCancellationRequested) return;
            // A request that hangs must not outlive the lease: by then the other replica leads.
            using var deadline = new CancellationTokenSource(election.Remaining, _time);
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(lost.Token, deadline.Token);
            try
            {
                if (!await election.TryAcquireAsync(bounded.Token).ConfigureAwait(false)) await lost.CancelAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (lost.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                _options.Log?.Invoke($"lease: not renewed within {_options.LeaseDuration.TotalSeconds:0} s.");
                await lost.CancelAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (RollbackService.IsFailure(e))
            {
                _options.Log?.Invoke($"lease: {e.Message}");
                if (election.IsExpired) await lost.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The loops look at the token themselves.
        }
    }

    /// <summary>So that the other replica need not wait for the lease to end. Best effort within five seconds: if it fails, the lease simply ends.</summary>
    private async Task ReleaseAsync(LeaderElection election)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
        try
        {
            await election.ReleaseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException || RollbackService.IsFailure(e))
        {
            _options.Log?.Invoke($"lease not released: {e.Message}");
        }
    }
}
