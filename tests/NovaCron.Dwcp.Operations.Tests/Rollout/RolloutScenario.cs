using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>A cluster with traffic, and a guardian whose process can be replaced at any moment.</summary>
internal sealed class RolloutScenario
{
    private RolloutReconciler _guardian;
    private RolloutReconciler? _rival;
    private bool _rivalIsNext;
    private TimeSpan _untilNextPass;
    private TimeSpan _untilTraffic;

    public RolloutScenario(int pods = 2, int seed = 1)
    {
        Cluster = new InMemoryRolloutCluster(Time, pods);
        Random = new Random(seed);
        _guardian = NewGuardian();
    }

    public ManualTime Time { get; } = new();

    public InMemoryRolloutCluster Cluster { get; }

    public Random Random { get; }

    public double RequestsPerSecond { get; set; } = 20;

    public double V3FailShare { get; set; }

    public double V3SlowShare { get; set; }

    public int Kills { get; private set; }

    /// <summary>Happens ten times a second: other people and other programs.</summary>
    public Action? Meanwhile { get; set; }

    /// <summary>True: two processes both believe that they lead, and take turns.</summary>
    public bool TwoLeaders { get; set; }

    public DwcpRolloutStatus Status => Cluster.Rollout!.Status ?? new DwcpRolloutStatus();

    /// <summary>Asks for a percent as alice, with short soaks; approved by bob where wanted.</summary>
    public async Task AskAsync(int percent, bool approve = true, bool validate = true, TimeSpan? missingMetrics = null, long minimumRequests = 40, string? prometheus = null)
    {
        if (validate) Cluster.Validation = new ValidationRecord { Decision = "GO", Release = Cluster.Release, Time = Time.GetUtcNow(), ApprovedBy = "bob" };
        var service = new RolloutService(Cluster, Time);
        await service.SetAsync(new RolloutRequest
        {
            Percent = percent,
            CheckInterval = TimeSpan.FromSeconds(2),
            Metrics = new RolloutMetrics { Prometheus = prometheus },
            Limits = new RolloutLimits { MissingMetrics = missingMetrics ?? TimeSpan.FromSeconds(60) },
            Phases =
            [
                new() { Name = "phase-1", Percent = 10, Soak = TimeSpan.FromSeconds(30), MinimumRequests = minimumRequests },
                new() { Name = "phase-2", Percent = 50, Soak = TimeSpan.FromSeconds(30), MinimumRequests = minimumRequests },
                new() { Name = "phase-3", Percent = 100, Soak = TimeSpan.FromSeconds(30), MinimumRequests = minimumRequests },
            ],
        });
        if (!approve) return;
        foreach (var phase in new[] { "phase-1", "phase-2", "phase-3" }) Cluster.Approve(phase, "bob");
    }

    /// <summary>Lets time pass with traffic until the condition holds; false when it does not in time.</summary>
    public async Task<bool> RunUntilAsync(Func<bool> condition, TimeSpan limit)
    {
        var step = TimeSpan.FromMilliseconds(100);
        for (var passed = TimeSpan.Zero; passed <= limit; passed += step)
        {
            if (condition()) return true;
            if (_untilTraffic <= TimeSpan.Zero)
            {
                Cluster.Serve(Random, RequestsPerSecond, V3FailShare, V3SlowShare);
                _untilTraffic = TimeSpan.FromSeconds(1);
            }
            Meanwhile?.Invoke();
            if (_untilNextPass <= TimeSpan.Zero) await PassAsync();
            Time.Advance(step);
            _untilTraffic -= step;
            _untilNextPass -= step;
        }
        return condition();
    }

    /// <summary>The guardian's process is gone; a new one starts with nothing in memory.</summary>
    public void ReplaceGuardian()
    {
        Kills++;
        Cluster.KillAt = null;
        _guardian = NewGuardian();
        _untilNextPass = TimeSpan.Zero;
    }

    private async Task PassAsync()
    {
        try
        {
            _rivalIsNext = TwoLeaders && !_rivalIsNext;
            var leader = _rivalIsNext ? _rival ??= NewGuardian() : _guardian;
            _untilNextPass = await Time.RunAsync(leader.ReconcileAsync(CancellationToken.None));
        }
        catch (ProcessKilledException)
        {
            ReplaceGuardian();
        }
        catch (Exception e) when (Operations.Rollback.RollbackService.IsFailure(e))
        {
            // As Guardian does: try again in a second, after a conflict at once.
            _untilNextPass = e is RolloutConflictException ? TimeSpan.Zero : TimeSpan.FromSeconds(1);
        }
    }

    private RolloutReconciler NewGuardian() => new(Cluster, new GuardianOptions { Namespace = Cluster.Namespace, Identity = "guardian-1" }, Time);
}
