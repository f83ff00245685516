using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

public sealed class LeaderElectionTests
{
    private readonly ManualTime _time = new();
    private readonly InMemoryRolloutCluster _cluster;

    public LeaderElectionTests() => _cluster = new InMemoryRolloutCluster(_time);

    [Fact]
    public async Task Only_one_leads_and_the_other_follows_when_it_stops_renewing()
    {
        var (a, b) = (Election("a"), Election("b"));
        Assert.True(await a.TryAcquireAsync(default));
        for (var i = 0; i < 20; i++)
        {
            Assert.False(await b.TryAcquireAsync(default));
            _time.Advance(TimeSpan.FromSeconds(2));
            Assert.True(await a.TryAcquireAsync(default));
        }
        var waited = 0;
        while (!await b.TryAcquireAsync(default))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            waited++;
        }
        Assert.InRange(waited, 9, 12);
        Assert.True(a.IsExpired);
        Assert.False(await a.TryAcquireAsync(default));
    }

    [Fact]
    public async Task A_wall_clock_that_jumps_takes_the_lease_from_nobody()
    {
        var (a, b) = (Election("a"), Election("b"));
        Assert.True(await a.TryAcquireAsync(default));
        Assert.False(await b.TryAcquireAsync(default));
        _time.WallOffset = TimeSpan.FromHours(5);
        Assert.False(await b.TryAcquireAsync(default));
    }

    [Fact]
    public async Task A_released_lease_is_taken_at_once()
    {
        var (a, b) = (Election("a"), Election("b"));
        Assert.True(await a.TryAcquireAsync(default));
        await a.ReleaseAsync(default);
        Assert.True(await b.TryAcquireAsync(default));
        await a.ReleaseAsync(default);
        Assert.Equal("b", (await _cluster.ReadLeaseAsync(default))!.Holder);
    }

    [Fact]
    public async Task Of_two_guardians_one_reconciles_and_the_other_takes_over()
    {
        using var stopA = new CancellationTokenSource();
        using var stopB = new CancellationTokenSource();
        var (a, b) = (Guardian("a"), Guardian("b"));
        _cluster.Validation = new ValidationRecord { Decision = "GO", Release = "3.0.0", Time = _time.GetUtcNow() };
        await new RolloutService(_cluster, _time).SetAsync(new RolloutRequest { Percent = 10, CheckInterval = TimeSpan.FromSeconds(1) });
        _cluster.Approve("phase-1", "bob");
        var runA = a.RunAsync(stopA.Token);
        var runB = b.RunAsync(stopB.Token);
        await PassAsync(TimeSpan.FromSeconds(10));
        Assert.True(a.Health.IsLeader && !b.Health.IsLeader);
        Assert.Equal(10, _cluster.Flag);
        await stopA.CancelAsync();
        await runA;
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.True(!a.Health.IsLeader && b.Health.IsLeader);
        _cluster.PatchByHand(flag: "99");
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(10, _cluster.Flag);
        await stopB.CancelAsync();
        await runB;
    }

    private async Task PassAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromMilliseconds(100))
        {
            for (var i = 0; i < 20; i++) await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    private GuardianOptions Options(string name) => new() { Namespace = _cluster.Namespace, Identity = name };

    private LeaderElection Election(string name) => new(_cluster, Options(name), _time);

    private Guardian Guardian(string name) => new(Options(name), _cluster, _time);
}
