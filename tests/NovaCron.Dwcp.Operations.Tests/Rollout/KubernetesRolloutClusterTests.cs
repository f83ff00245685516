using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Tests.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>What only a real cluster does: packets that vanish, evicted pods, sidecars, strict times, small ConfigMaps.</summary>
public sealed class KubernetesRolloutClusterTests
{
    private const string Pods = "api/v1/namespaces/staging/pods/";

    [Fact]
    public async Task A_pod_whose_packets_are_dropped_is_asked_through_the_API_server()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Only Linux drops the SYN of a connection that finds a full backlog.");
        // A backlog of one that is full: further connections get no answer at all, as behind a NetworkPolicy.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);

        var server = new FakeApiServer { Proxy = (pod, _, path, _, _) => (200, $"{pod} {path}") };
        using var connection = server.Connect();
        var cluster = new KubernetesRolloutCluster(connection, "staging", inCluster: true);
        var answer = await cluster.GetFromPodAsync(new RolloutPod { Name = "dwcp-v3-1", Address = "127.0.0.1" }, port, "/flags", TestContext.Current.CancellationToken);
        Assert.Equal(200, answer.StatusCode);
        Assert.Contains("dwcp-v3-1", answer.Body);
    }

    [Fact]
    public async Task Evicted_pods_are_not_listed_and_sidecars_not_judged()
    {
        var server = new FakeApiServer();
        server.Put(Pods + "dwcp-v3-1", Pod("dwcp-v3-1", "Running"));
        server.Put(Pods + "dwcp-v3-2", Pod("dwcp-v3-2", "Failed"));
        using var connection = server.Connect();
        var pod = Assert.Single(await new KubernetesRolloutCluster(connection, "staging").ListPodsAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("dwcp-v3-1", 1, null), (pod.Name, pod.Restarts, pod.WaitingReason));
    }

    [Fact]
    public async Task A_lease_written_at_a_full_second_has_the_six_digits_that_the_server_insists_on()
    {
        var server = new FakeApiServer();
        using var connection = server.Connect();
        var cluster = new KubernetesRolloutCluster(connection, "staging");
        var second = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var lease = await cluster.WriteLeaseAsync(new GuardianLease { Holder = "a", Duration = TimeSpan.FromSeconds(10), AcquiredAt = second, RenewedAt = second },
            TestContext.Current.CancellationToken);
        var spec = server.Get("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian")["spec"]!;
        Assert.Equal("2026-01-01T12:00:00.000000Z", spec["acquireTime"]!.ToString());
        Assert.Equal("2026-01-01T12:00:00.000000Z", spec["renewTime"]!.ToString());
        Assert.Equal((second, second), (lease.AcquiredAt, lease.RenewedAt));
    }

    [Fact]
    public async Task The_evidence_of_a_thousand_pods_fits_into_a_ConfigMap_and_comes_back_whole()
    {
        var random = new Random(1);
        var memory = new GuardianMemory();
        for (var i = 0; i < 1000; i++) memory.Pods[Guid.NewGuid().ToString()] = new PodMemory { V1 = Counters(random), V3 = Counters(random) };
        for (var i = 0; i < RolloutSeries.Capacity; i++)
            memory.Series.Add(new RolloutPoint { Time = DateTimeOffset.UnixEpoch.AddMinutes(i), Percent = 10, Evidence = random.NextDouble(), V3P99 = random.NextDouble(), V1P99 = random.NextDouble() });
        var text = JsonSerializer.Serialize(memory, RolloutJson.Options);
        Assert.True(text.Length > 600_000, $"{text.Length} characters: this proves nothing.");

        var server = new FakeApiServer();
        using var connection = server.Connect();
        var cluster = new KubernetesRolloutCluster(connection, "staging");
        await cluster.WriteDocumentAsync(new RolloutDocument(RolloutNames.EvidenceConfigMap, text, null), TestContext.Current.CancellationToken);
        var stored = server.Get("api/v1/namespaces/staging/configmaps/" + RolloutNames.EvidenceConfigMap).ToJsonString().Length;
        Assert.True(stored < 500_000, $"{stored} characters are stored.");
        Assert.Equal(text, (await cluster.ReadDocumentAsync(RolloutNames.EvidenceConfigMap, TestContext.Current.CancellationToken))!.Text);
    }

    [Fact]
    public async Task A_document_that_was_tampered_with_is_named_instead_of_believed()
    {
        var server = new FakeApiServer();
        server.Put("api/v1/namespaces/staging/configmaps/broken", (JsonObject)JsonNode.Parse(
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"broken","namespace":"staging"},"binaryData":{"document.json.gz":"AAAA"}}""")!);
        using var connection = server.Connect();
        var error = await Assert.ThrowsAsync<DwcpRolloutException>(() =>
            new KubernetesRolloutCluster(connection, "staging").ReadDocumentAsync("broken", TestContext.Current.CancellationToken));
        Assert.Equal("UnreadableDocument", error.Reason);
    }

    private static RequestCounters Counters(Random random)
    {
        var buckets = new long[14];
        for (var i = 0; i < buckets.Length; i++) buckets[i] = (i == 0 ? 0 : buckets[i - 1]) + random.Next(100_000);
        return new RequestCounters
        {
            Ok = buckets[^1], ServerErrors = random.Next(1000), SessionsStarted = random.Next(100_000), CumulativeBuckets = buckets,
            BucketBounds = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, double.PositiveInfinity],
        };
    }

    private static JsonObject Pod(string name, string phase) => (JsonObject)JsonNode.Parse($$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","namespace":"staging","labels":{"app":"dwcp-v3"} },
         "status":{"phase":"{{{phase}}}","podIP":"10.0.0.1","containerStatuses":[
           {"name":"istio-proxy","restartCount":7,"ready":false,"image":"x","imageID":"","state":{"waiting":{"reason":"CrashLoopBackOff"} } },
           {"name":"node","restartCount":1,"ready":true,"image":"x","imageID":"","state":{"running":{} } }]}}
        """)!;
}
