using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

public sealed class FaultTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task A_killed_pod_is_restarted_with_exit_code_137()
    {
        var (ns, _) = await Deploy();
        var pod = fixture.ReadyPods(ns, "web")[0].Name();
        await fixture.Cluster.Faults.KillPodAsync(ns, pod);
        JsonObject restarted = null!;
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web") is [var ready] && Status(restarted = ready).Integer("restartCount") == 1, "a restart");
        Assert.Equal(137, (Status(restarted).At("lastState.terminated") as JsonObject)!.Integer("exitCode"));
    }

    [Fact]
    public async Task A_paused_pod_answers_nothing_until_it_is_resumed()
    {
        var (ns, url) = await Deploy();
        var pod = fixture.ReadyPods(ns, "web")[0].Name();
        await fixture.Cluster.Faults.PausePodAsync(ns, pod);
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web").Count == 0, "the pod not ready");
        Assert.Contains(fixture.Events(ns, "Unhealthy"), m => m.Contains("context deadline exceeded", StringComparison.Ordinal));
        await fixture.Cluster.Faults.ResumePodAsync(ns, pod);
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web").Count == 1, "the pod ready again");
        Assert.Equal(pod, await fixture.Http.GetStringAsync(url + "/name"));
    }

    [Fact]
    public async Task Faults_of_a_version_reach_present_and_future_pods_and_go_when_cleared()
    {
        var (ns, url) = await Deploy();
        await fixture.Cluster.Faults.SetProtocolFaultAsync("v3", new ProtocolFault(0.5, TimeSpan.FromMilliseconds(20)));
        var file = JsonNode.Parse(await fixture.Http.GetStringAsync(url + "/file?/run/faults.json"))!.AsObject();
        Assert.Equal(0.5, (double)file["v3"]!["failShare"]!);
        Assert.Equal(20, (double)file["v3"]!["delayMs"]!);
        Assert.False(file.ContainsKey("v1"));

        var (later, laterUrl) = await Deploy();
        Assert.Contains("failShare", await fixture.Http.GetStringAsync(laterUrl + "/file?/run/faults.json"));
        await fixture.Cluster.Faults.ClearAsync();
        foreach (var each in new[] { url, laterUrl })
        {
            using var answer = await fixture.Http.GetAsync(each + "/file?/run/faults.json");
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        }
        Assert.NotEqual(ns, later);
    }

    [Fact]
    public async Task What_cannot_be_broken_is_refused_by_name()
    {
        var pod = await Assert.ThrowsAsync<RehearsalException>(() => fixture.Cluster.Faults.KillPodAsync("nowhere", "nobody"));
        Assert.Contains("No pod 'nobody' runs in namespace 'nowhere'", pod.Message);
        await Assert.ThrowsAsync<RehearsalException>(() => fixture.Cluster.Faults.SetProtocolFaultAsync("v2", ProtocolFault.None));
        await Assert.ThrowsAsync<RehearsalException>(() => fixture.Cluster.Faults.SetProtocolFaultAsync("v3", new ProtocolFault(1.5, TimeSpan.Zero)));
        await Assert.ThrowsAsync<RehearsalException>(() => fixture.Cluster.Faults.SetProtocolFaultAsync("v3", new ProtocolFault(double.NaN, TimeSpan.Zero)));
    }

    private async Task<(string Namespace, string Url)> Deploy()
    {
        // A paused pod is to be noticed soon.
        var probe = Workloads.ReadyProbe.Replace("\"timeoutSeconds\": 30", "\"timeoutSeconds\": 3", StringComparison.Ordinal);
        var ns = await fixture.NamespaceAsync();
        fixture.Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 1, probe));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web").Count == 1, "the pod ready");
        return (ns, $"http://{ClusterFixture.Address(fixture.ReadyPods(ns, "web")[0])}:8080");
    }

    private static JsonObject Status(JsonObject pod) => pod.At("status.containerStatuses").Objects().First();
}
