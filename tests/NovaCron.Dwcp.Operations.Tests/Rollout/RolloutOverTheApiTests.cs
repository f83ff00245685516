using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Tests.Support;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Everything over TLS against an API server, each under his own Role: what the shipped manifests do not allow fails here.</summary>
[Collection(RealTime.Name)]
public sealed class RolloutOverTheApiTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_rollout_is_asked_for_approved_raised_found_bad_rolled_back_and_locked()
    {
        await using var scenario = await ApiScenario.StartAsync();
        using var alice = scenario.As("alice");
        using var bob = scenario.As("bob");
        using var guardian = scenario.AsGuardian();
        using var stop = new CancellationTokenSource();
        var log = new List<string>();
        var guard = new Guardian(new GuardianOptions { Namespace = ApiScenario.Namespace, Identity = "guardian-1", Log = line => { lock (log) log.Add(line); } },
            new KubernetesRolloutCluster(guardian, ApiScenario.Namespace, inCluster: true)).RunAsync(stop.Token);
        var service = new RolloutService(alice, ApiScenario.Namespace);
        await service.SetAsync(new RolloutRequest { Percent = 10, CheckInterval = TimeSpan.FromSeconds(1), Phases = [new() { Name = "phase-1", Percent = 10, Soak = TimeSpan.FromHours(1), MinimumRequests = 10 }] });
        await WaitAsync(async () => (await service.GetAsync())?.Status?.Message?.Contains("waits for approval", StringComparison.Ordinal) == true, log);
        Assert.Equal("OwnRequest", (await Assert.ThrowsAsync<DwcpRolloutException>(() => service.ApproveAsync("phase-1", "myself"))).Reason);
        await new RolloutService(bob, ApiScenario.Namespace).ApproveAsync("phase-1", "validated");
        await WaitAsync(() => Task.FromResult(scenario.Nodes.All(node => node.Effective == 10)), log);
        await WaitAsync(async () => (await service.GetAsync())!.Status!.State == RolloutState.Soaking, log);

        scenario.V3FailShare = 0.5;
        var began = DateTimeOffset.UtcNow;
        await WaitAsync(() => Task.FromResult(scenario.Nodes.All(node => node.Effective == 0)), log);
        Assert.True(DateTimeOffset.UtcNow - began < TimeSpan.FromSeconds(60));
        await WaitAsync(async () => (await service.GetAsync())!.Status!.State == RolloutState.RolledBack, log);

        var rollout = (await service.GetAsync())!;
        Assert.NotNull(rollout.Status!.Lock);
        Assert.Contains(await alice.ListEventsAsync(ApiScenario.Namespace, DwcpRollout.KindName, RolloutNames.Rollout), entry => entry.Reason == "RolledBack");
        var report = await scenario.Admin.GetAsync(ClusterResource.ConfigMap, ApiScenario.Namespace, RolloutNames.IncidentConfigMapPrefix + rollout.Status.Lock!.Incident);
        Assert.Contains("\"succeeded\":true", report["data"]!["document.json"]!.ToString());
        Assert.Equal("Locked", (await Assert.ThrowsAsync<DwcpRolloutException>(() => service.SetAsync(new RolloutRequest { Percent = 10 }))).Reason);
        await stop.CancelAsync();
        await guard;
        Assert.Equal("", (await scenario.Admin.GetAsync(ClusterResource.Lease, ApiScenario.Namespace, RolloutNames.Lease))["spec"]!["holderIdentity"]?.ToString() ?? "");
        Assert.DoesNotContain(log, line => line.Contains("forbidden", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>With the longer limit the proxy's own request to the hung pod ends first, and the port-forward is tried: that must not turn later requests away from the proxy.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(15)]
    public async Task An_operator_rolls_back_alone_through_the_API_servers_proxy(int proofSeconds)
    {
        await using var scenario = await ApiScenario.StartAsync(pods: 3);
        using var alice = scenario.As("alice");
        await alice.PatchAsync(ClusterResource.ConfigMap, ApiScenario.Namespace, RolloutNames.ConfigMap,
            new JsonObject { ["data"] = new JsonObject { [RolloutNames.FlagKey] = "50", [RolloutNames.CeilingKey] = "50" } });
        await WaitAsync(() => Task.FromResult(scenario.Nodes.Count == 3 && scenario.Nodes.All(node => node.Effective == 50)), []);
        scenario.Nodes[1].Hung = true;
        var report = await new RollbackService(alice, ApiScenario.Namespace).RollbackAsync(new RollbackOptions { Reason = "a test", ProofTimeout = TimeSpan.FromSeconds(proofSeconds) });
        Assert.True(report.Proven, string.Join("; ", report.Problems));
        Assert.True(report.Succeeded, string.Join("; ", report.Problems));
        Assert.Equal("alice", report.RequestedBy);
        Assert.Equal(2, report.Pods.Count(pod => pod.Proven));
        Assert.Single(report.Pods, pod => pod.Deleted);
        Assert.All(scenario.Nodes, node => Assert.Equal(0, node.Effective));
    }

    [Fact]
    public async Task A_pod_that_was_slow_once_is_asked_through_the_proxy_again()
    {
        await using var scenario = await ApiScenario.StartAsync(pods: 1);
        using var alice = scenario.As("alice");
        await WaitAsync(() => Task.FromResult(scenario.Nodes.Count == 1), []);
        Assert.DoesNotContain("port-forward", (await AskAsync()).Target);
        var node = scenario.Nodes[0];
        node.Hung = true;
        var slow = AskAsync();
        await WaitAsync(() => Task.FromResult(node.Held > 0), []);
        node.Hung = false;
        Assert.Contains("port-forward", (await slow).Target);
        Assert.DoesNotContain("port-forward", (await AskAsync()).Target);

        Task<PodResponse> AskAsync() => alice.GetFromPodAsync(ApiScenario.Namespace, "dwcp-v3-1", RolloutNames.DiagnosticsPort, "/flags", timeout: TimeSpan.FromSeconds(4));
    }

    private static async Task WaitAsync(Func<Task<bool>> condition, List<string> log)
    {
        var began = DateTimeOffset.UtcNow;
        while (!await condition())
        {
            string tail;
            lock (log) tail = string.Join('\n', log.TakeLast(12));
            Assert.True(DateTimeOffset.UtcNow - began < Limit, "Not in time. The guardian's last lines:\n" + tail);
            await Task.Delay(100);
        }
    }
}
