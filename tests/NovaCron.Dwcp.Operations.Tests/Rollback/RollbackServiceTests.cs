using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Tests.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollback;

public sealed class RollbackServiceTests
{
    private static readonly RollbackOptions Options = new() { Reason = "looks bad" };
    private readonly ManualTime _time = new() { Patient = true };
    private readonly InMemoryRolloutCluster _cluster;

    public RollbackServiceTests()
    {
        _cluster = new InMemoryRolloutCluster(_time, pods: 3);
        _cluster.PatchByHand("50", "50");
    }

    [Fact]
    public async Task Works_without_rollout_guardian_or_metrics_and_proves_every_pod()
    {
        foreach (var node in _cluster.Nodes) node.MetricsGone = true;
        var report = await RollbackAsync(Options);
        Assert.True(report.Succeeded, string.Join("; ", report.Problems));
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(3, report.Pods.Count(pod => pod.Proven));
        Assert.Equal((0, 0), (_cluster.Flag, _cluster.Ceiling));
        Assert.Equal(report.Incident, _cluster.LockedBy);
        Assert.Equal(1, _cluster.Restarted);
    }

    [Fact]
    public async Task The_flag_is_the_very_first_call()
    {
        _cluster.KillAt = 1;
        _cluster.KillAfterEffect = true;
        await Assert.ThrowsAsync<ProcessKilledException>(() => RollbackAsync(Options));
        Assert.Equal((0, 0), (_cluster.Flag, _cluster.Ceiling));
    }

    [Fact]
    public async Task Conflicts_and_a_failing_API_server_are_tried_again()
    {
        _cluster.ConflictsToCome = 5;
        Assert.True((await RollbackAsync(Options)).Succeeded);
    }

    [Fact]
    public async Task A_restart_that_finds_no_room_says_which_pod_waits_and_why()
    {
        _cluster.NoRoom = true;
        var report = await RollbackAsync(Options);
        Assert.False(report.Succeeded);
        Assert.Equal((0, 0), (_cluster.Flag, _cluster.Ceiling));
        Assert.Contains(report.Problems, p => p.Contains("waits for a machine with room for it: 0/1 nodes are available: 1 Insufficient cpu.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_flag_that_cannot_be_written_is_an_error_that_says_so_and_what_to_do()
    {
        _cluster.ApiDown = true;
        var failure = await Assert.ThrowsAsync<DwcpRolloutException>(() => RollbackAsync(Options with { FlagTimeout = TimeSpan.FromSeconds(5) }));
        Assert.Equal("FlagNotWritten", failure.Reason);
        Assert.Contains("NOTHING WAS ROLLED BACK", failure.Message);
        Assert.Contains("kubectl -n staging patch configmap dwcp-v3-config", failure.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pod_that_does_not_answer_or_does_not_listen_is_deleted(bool hung)
    {
        var bad = _cluster.Nodes[1];
        (bad.Hung, bad.Deaf) = (hung, true);
        _cluster.PatchByHand("51", "51");
        var report = await RollbackAsync(Options);
        Assert.Equal([bad.Name], _cluster.DeletedPods);
        Assert.True(report.Proven);
        Assert.True(report.Succeeded);
        Assert.Single(report.Pods, pod => pod.Deleted);
    }

    [Fact]
    public async Task A_pod_that_applied_the_flag_and_still_starts_v3_sessions_is_not_proven()
    {
        var bad = _cluster.Nodes[0];
        var rollback = new RollbackService(_cluster, _time).RollbackAsync(Options);
        while (!rollback.IsCompleted)
        {
            bad.Serve(v3: true, failed: false, slow: false);
            for (var i = 0; i < 20; i++) await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(50));
        }
        var proof = (await rollback).Pods.Single(pod => pod.Pod == bad.Name);
        Assert.True(proof is { Proven: false, Deleted: true });
        Assert.Contains("still starts v3 sessions", proof.Detail);
    }

    [Fact]
    public async Task A_pod_that_hangs_after_the_restart_is_a_problem_in_the_report_and_holds_nothing_up()
    {
        var rollback = new RollbackService(_cluster, _time).RollbackAsync(Options, new HangAfterRestart(_cluster));
        var report = await _time.RunAsync(rollback, TimeSpan.FromMinutes(1));
        Assert.True(report is { Proven: true, Succeeded: false, ExitCode: 1 });
        Assert.Contains(report.Problems, problem => problem.Contains("did not answer within", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_same_incident_twice_restarts_once()
    {
        var first = await RollbackAsync(Options);
        var second = await RollbackAsync(Options with { Incident = first.Incident });
        Assert.True(second.Succeeded);
        Assert.Equal(1, _cluster.Restarted);
    }

    [Fact]
    public async Task Logs_metrics_and_the_incident_report_are_saved()
    {
        var directory = Directory.CreateTempSubdirectory("rollback").FullName;
        try
        {
            var report = await RollbackAsync(Options with { OutputDirectory = directory, Reason = "bad <script>alert(1)</script> | pipe" });
            var names = report.Files.Select(Path.GetFileName).ToList();
            Assert.Contains("incident-report.md", names);
            Assert.Contains("incident-report.json", names);
            Assert.Contains("dwcp-v3-1.log", names);
            Assert.Contains("dwcp-v3-1.metrics.txt", names);
            var html = await File.ReadAllTextAsync(report.Files.Single(file => file.EndsWith(".html", StringComparison.Ordinal)));
            Assert.DoesNotContain("<script>", html);
            Assert.Contains(report.Incident, html);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_rollback_of_the_guardian_can_be_exported_from_what_it_left_in_the_cluster()
    {
        var directory = Directory.CreateTempSubdirectory("incident").FullName;
        try
        {
            var done = await RollbackAsync(Options);
            var exported = await IncidentReport.ExportAsync(_cluster, incident: null, directory);
            Assert.Equal(done.Incident, exported.Incident);
            Assert.Equal(done.ProvenAt, exported.ProvenAt);
            Assert.Equal(done.Pods.Count, exported.Pods.Count);
            Assert.Contains("log of", await File.ReadAllTextAsync(Path.Combine(directory, "dwcp-v3-1.log")));
            Assert.Contains("Proof per pod", await File.ReadAllTextAsync(Path.Combine(directory, "incident-report.md")));
            Assert.Equal("NoIncident", (await Assert.ThrowsAsync<DwcpRolloutException>(() => IncidentReport.ExportAsync(_cluster, "none", directory))).Reason);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Killed_at_any_call_and_run_again_it_ends_in_the_same_place()
    {
        for (var kill = 1; kill < 40; kill++)
        {
            var cluster = new InMemoryRolloutCluster(_time, pods: 2);
            cluster.PatchByHand("50", "50");
            cluster.KillAt = kill;
            var options = Options with { Incident = "20260101-000000-abcdef" };
            try
            {
                await _time.RunAsync(new RollbackService(cluster, _time).RollbackAsync(options));
            }
            catch (ProcessKilledException)
            {
                cluster.KillAt = null;
                Assert.True((await _time.RunAsync(new RollbackService(cluster, _time).RollbackAsync(options))).Succeeded);
            }
            Assert.Equal((0, 0, 1), (cluster.Flag, cluster.Ceiling, cluster.Restarted));
        }
    }

    private sealed class HangAfterRestart(InMemoryRolloutCluster cluster) : IProgress<RollbackStep>
    {
        public void Report(RollbackStep value)
        {
            if (value.Name == "Restart") cluster.Nodes[0].Hung = true;
        }
    }

    private Task<DwcpRollbackReport> RollbackAsync(RollbackOptions options) => _time.RunAsync(new RollbackService(_cluster, _time).RollbackAsync(options));
}
