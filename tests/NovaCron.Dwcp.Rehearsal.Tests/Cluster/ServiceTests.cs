using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

public sealed class ServiceTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private ClusterStore Store => fixture.Store;

    [Fact]
    public async Task Connections_to_a_Service_are_spread_over_its_ready_pods()
    {
        var (ns, service) = await Deploy("web", 3);
        var seen = new HashSet<string>();
        await Becomes(async () =>
        {
            seen.Add(await fixture.Http.GetStringAsync($"http://{service}:8080/name"));
            return seen.Count == 3;
        });
        Assert.Equal(fixture.ReadyPods(ns, "web").Select(p => p.Name()).ToHashSet(), seen);

        var sick = fixture.ReadyPods(ns, "web")[0];
        await fixture.Http.GetStringAsync($"http://{ClusterFixture.Address(sick)}:8080/touch?/tmp/unready");
        await fixture.Eventually(() => Ready(ns, "web") is { Count: 2 } ready && !ready.Contains(ClusterFixture.Address(sick)), "the sick one out");
        for (var i = 0; i < 12; i++)
        {
            Assert.NotEqual(sick.Name(), await WhenBalanced(service, sick.Name()));
        }
        var endpoints = Store.Get(ResourceTypes.Endpoints, ns, "web")!["subsets"].Objects().Single();
        Assert.Single(endpoints["notReadyAddresses"].Objects());
    }

    [Fact]
    public async Task A_connection_outlives_its_pods_place_among_the_endpoints()
    {
        var (ns, service) = await Deploy("echo", 1);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Parse(service), 7000);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8, leaveOpen: true);
        Assert.Equal(fixture.ReadyPods(ns, "echo")[0].Name(), await reader.ReadLineAsync());
        await fixture.Http.GetStringAsync($"http://{ClusterFixture.Address(fixture.Pods(ns, "echo")[0])}:8080/touch?/tmp/unready");
        await fixture.Eventually(() => Ready(ns, "echo").Count == 0, "no ready endpoint");
        await client.GetStream().WriteAsync("still here\n"u8.ToArray());
        Assert.Equal("still here", await reader.ReadLineAsync());
        await Refuses(service, 7000);
    }

    [Fact]
    public async Task Datagrams_find_their_way_there_and_back()
    {
        var (_, service) = await Deploy("udp", 2);
        using var client = new UdpClient();
        client.Connect(service, 7001);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        byte[]? answer = null;
        while (answer is null)
        {
            // The proxy opens the ports of a Service one after the other, and a datagram that comes before is lost.
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            soon.CancelAfter(500);
            try
            {
                await client.SendAsync(new byte[] { 1, 2, 3 }, soon.Token);
                answer = (await client.ReceiveAsync(soon.Token)).Buffer;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !limit.IsCancellationRequested)
            {
                await Task.Delay(50);
            }
        }
        Assert.Equal([1, 2, 3], answer);
    }

    [Fact]
    public async Task A_cut_Service_refuses_connections_and_drops_those_it_had_until_it_is_restored()
    {
        var (ns, service) = await Deploy("cache", 1);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Parse(service), 7000);
        using var reader = new StreamReader(client.GetStream());
        await reader.ReadLineAsync();
        await fixture.Cluster.Faults.CutServiceAsync(ns, "cache");
        await Assert.ThrowsAnyAsync<IOException>(async () => _ = await reader.ReadLineAsync() ?? throw new IOException("closed"));
        await Refuses(service, 7000);
        await fixture.Cluster.Faults.RestoreServiceAsync(ns, "cache");
        Assert.NotEmpty(await fixture.Http.GetStringAsync($"http://{service}:8080/name"));
    }

    [Fact]
    public async Task An_Ingress_routes_by_host_and_path_to_its_Service()
    {
        var (ns, _) = await Deploy("web", 1);
        Store.Create(ResourceTypes.Ingresses, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = ns },
            ["spec"] = JsonNode.Parse("""
                { "rules": [{ "host": "dwcp.example", "http": { "paths": [
                  { "path": "/name", "pathType": "Prefix", "backend": { "service": { "name": "web", "port": { "name": "http" } } } }] } }] }
                """),
        });
        await fixture.Eventually(() => Store.Get(ResourceTypes.Ingresses, ns, "web")!.At("status.loadBalancer.ingress").Objects().Any(), "an address");
        Assert.Equal(fixture.Pods(ns, "web")[0].Name(), await Ask("dwcp.example", "/name"));
        await Assert.ThrowsAsync<HttpRequestException>(() => Ask("dwcp.example", "/nameless"));
        await Assert.ThrowsAsync<HttpRequestException>(() => Ask("other.example", "/name"));

        async Task<string> Ask(string host, string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(fixture.Cluster.IngressUrl, path));
            request.Headers.Host = host;
            using var response = await fixture.Http.SendAsync(request);
            return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task A_budget_knows_how_many_pods_may_go()
    {
        var (ns, _) = await Deploy("web", 2);
        Store.Create(ResourceTypes.PodDisruptionBudgets, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = ns },
            ["spec"] = JsonNode.Parse("""{ "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } }"""),
        });
        await fixture.Eventually(() => Allowed() == 1, "one disruption allowed");
        await fixture.Http.GetStringAsync($"http://{ClusterFixture.Address(fixture.Pods(ns, "web")[0])}:8080/touch?/tmp/unready");
        await fixture.Eventually(() => Allowed() == 0, "no disruption allowed");

        long? Allowed() => (Store.Get(ResourceTypes.PodDisruptionBudgets, ns, "web")!["status"] as JsonObject)?.Integer("disruptionsAllowed");
    }

    [Fact]
    public async Task An_autoscaler_measures_the_processes_and_keeps_its_target_within_bounds()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 1,
            Workloads.ReadyProbe.Insert(1, """ "resources": { "requests": { "cpu": "100m", "memory": "64Mi" } },""")));
        Store.Create(ResourceTypes.HorizontalPodAutoscalers, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = ns },
            ["spec"] = JsonNode.Parse("""
                { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 3,
                  "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 90 } } }] }
                """),
        });
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web").Count >= 2, "two pods");
        await fixture.Eventually(() => Store.Get(ResourceTypes.HorizontalPodAutoscalers, ns, "web")!.At("status.currentMetrics").Objects().Any(), "a measurement");
        var status = (JsonObject)Store.Get(ResourceTypes.HorizontalPodAutoscalers, ns, "web")!["status"]!;
        Assert.InRange(status.Integer("desiredReplicas")!.Value, 2, 3);
    }

    private async Task<(string Namespace, string Address)> Deploy(string app, int replicas)
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, app, replicas, Workloads.ReadyProbe));
        var service = Store.Create(ResourceTypes.Services, Workloads.Service(ns, app, """
            [{ "name": "http", "port": 8080 }, { "name": "tcp", "port": 7000 }, { "name": "udp", "port": 7001, "protocol": "UDP" }]
            """));
        await fixture.Eventually(() => Ready(ns, app).Count == replicas, $"{replicas} ready endpoints");
        var address = (service["spec"] as JsonObject)!.Text("clusterIP")!;
        await Becomes(async () => await Connects(address, 8080) && await Connects(address, 7000));
        return (ns, address);
    }

    private List<string> Ready(string ns, string service) => [.. Store.List(ResourceTypes.EndpointSlices, ns)
        .Where(s => (s.At("metadata.labels") as JsonObject)?.Text("kubernetes.io/service-name") == service).SelectMany(s => s["endpoints"].Objects())
        .Where(e => (e["conditions"] as JsonObject)?.Boolean("ready") == true).Select(e => e["addresses"].Texts().First())];

    // The proxy follows the endpoints a moment later.
    private async Task<string> WhenBalanced(string service, string not)
    {
        var name = not;
        await Becomes(async () => (name = await fixture.Http.GetStringAsync($"http://{service}:8080/name")) != not);
        return name;
    }

    private static async Task Refuses(string address, int port) => await Becomes(async () => !await Connects(address, port));

    private static async Task<bool> Connects(string address, int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Parse(address), port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task Becomes(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 1200; i++)
        {
            if (await condition())
            {
                return;
            }
            await Task.Delay(50);
        }
        Assert.Fail("it never became so");
    }
}
