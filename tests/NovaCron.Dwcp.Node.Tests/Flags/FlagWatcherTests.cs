using k8s;
using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Node.Kubernetes;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Flags;

public sealed class FlagWatcherTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly LogLines _log = new();
    private readonly NodeHealth _health = new(TimeProvider.System);
    private FakeApiServer _server = null!;
    private TestPod _pod = null!;
    private IKubernetes _cluster = null!;
    private RolloutFlag _flag = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _pod = _server.CreatePod();
        _cluster = ClusterAccess.Connect(_pod.ReadOptions(), TimeProvider.System);
        _flag = new RolloutFlag(TimeProvider.System, _log);
        var watcher = new FlagWatcher(_cluster, "staging", _flag, TimeProvider.System, _log);
        _running = Task.WhenAll(watcher.RunFlagAsync(_health.AddLoop("flags", TimeSpan.FromMinutes(1)), _stop.Token), watcher.RunGuardianAsync(_health.AddLoop("guardian", TimeSpan.FromMinutes(1)), _stop.Token));
        await Eventually.TrueAsync(() => _flag.State.IsKnown && _server.Watches == 1, "the flag is known and watched");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _cluster.Dispose();
        await _server.DisposeAsync();
        _pod.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_change_comes_by_the_watch_without_another_list()
    {
        var lists = _server.Lists;
        var revision = _server.SetFlag("10");
        await Eventually.TrueAsync(() => _flag.State.Effective == 10, "10 %");
        Assert.Equal(revision, _flag.State.Revision);
        Assert.Equal(lists, _server.Lists);
    }

    [Fact]
    public async Task The_last_value_stays_in_force_while_the_server_is_away_and_the_newest_comes_after()
    {
        _server.SetFlag("10");
        await Eventually.TrueAsync(() => _flag.State.Effective == 10, "10 %");
        _server.SetOutage(true);
        await Eventually.TrueAsync(() => _log.Text.Contains("cannot be followed"), "the outage is told");
        _server.SetFlag("0");
        Assert.Equal(10, _flag.State.Effective);
        var stale = _flag.Staleness;
        await Eventually.TrueAsync(() => _flag.Staleness > stale, "staleness grows");
        _server.SetOutage(false);
        await Eventually.TrueAsync(() => _flag.State.Effective == 0, "0 %");
        await Eventually.TrueAsync(() => _log.Text.Contains("answers again"), "the recovery is told");
    }

    [Fact]
    public async Task An_expired_watch_lists_again()
    {
        _server.Gone = true;
        var lists = _server.Lists;
        _server.CutWatches();
        await Eventually.TrueAsync(() => _server.Lists > lists + 2, "lists go on with back-off");
        _server.Gone = false;
        _server.SetFlag("25");
        await Eventually.TrueAsync(() => _flag.State.Effective == 25 && _server.Watches == 1, "25 % and watched again");
        // Expiry is part of the protocol, no problem to tell about.
        Assert.DoesNotContain("410", _log.Text);
    }

    [Fact]
    public async Task A_change_during_a_cut_connection_is_not_missed()
    {
        _server.CutWatches();
        _server.SetFlag("33");
        await Eventually.TrueAsync(() => _flag.State.Effective == 33, "33 %");
    }

    [Fact]
    public async Task A_malformed_value_is_refused_and_the_next_good_one_taken()
    {
        _server.SetFlag("10");
        await Eventually.TrueAsync(() => _flag.State.Effective == 10, "10 %");
        _server.SetFlag("abc");
        _server.SetFlag("150");
        await Eventually.TrueAsync(() => _flag.ErrorCount == 2, "two refusals");
        Assert.Equal(10, _flag.State.Effective);
        _server.SetFlag("0");
        await Eventually.TrueAsync(() => _flag.State.Effective == 0, "0 %");
    }

    [Fact]
    public async Task A_deleted_object_is_zero_and_a_new_one_counts_again()
    {
        _server.SetFlag("10");
        await Eventually.TrueAsync(() => _flag.State.Effective == 10, "10 %");
        _server.SetConfig(null);
        await Eventually.TrueAsync(() => _flag.State.Effective == 0, "0 %");
        _server.SetFlag("20");
        await Eventually.TrueAsync(() => _flag.State.Effective == 20, "20 %");
    }

    [Fact]
    public async Task A_watch_that_died_without_a_sign_is_found_and_replaced()
    {
        _server.Silent = true;
        _server.SetFlag("40");
        await Eventually.TrueAsync(() => _flag.State.Effective == 40, "40 %");
        _server.Silent = false;
        await Eventually.TrueAsync(() => _server.Watches == 1, "watched anew");
        _server.SetFlag("41");
        await Eventually.TrueAsync(() => _flag.State.Effective == 41, "41 %");
    }

    [Fact]
    public async Task The_guardian_is_seen_in_its_lease()
    {
        Assert.Null(_flag.State.GuardianSeenAt);
        _server.LeaseRenewTime = DateTime.UtcNow;
        await Eventually.TrueAsync(() => _flag.State.GuardianSeenAt is not null, "the guardian is seen");
        Assert.False(_flag.State.GuardianLost);
    }
}
