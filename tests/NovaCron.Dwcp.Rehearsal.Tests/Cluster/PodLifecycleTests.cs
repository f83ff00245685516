using System.Diagnostics;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

public sealed class PodLifecycleTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private ClusterStore Store => fixture.Store;

    [Fact]
    public async Task A_pod_is_a_process_on_its_own_address_with_the_environment_it_asks_for()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.ConfigMaps, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "settings", ["namespace"] = ns },
            ["data"] = new JsonObject { ["MODE"] = "hybrid" },
        });
        Store.Create(ResourceTypes.Services, Workloads.Service(ns, "cache-one", """[{ "port": 6379 }]"""));
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "web", """
            {
              "env": [
                { "name": "MODE", "valueFrom": { "configMapKeyRef": { "name": "settings", "key": "MODE" } } },
                { "name": "WHO", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
                { "name": "GREETING", "value": "$(WHO) is $(MODE), $(UNKNOWN) costs $$(5)" }
              ]
            }
            """));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web").Count == 1, "the pod ready");
        var pod = fixture.ReadyPods(ns, "web")[0];
        var url = $"http://{ClusterFixture.Address(pod)}:8080";
        await Answers(url);
        Assert.Equal("web is hybrid, $(UNKNOWN) costs $(5)", await fixture.Http.GetStringAsync(url + "/env?GREETING"));
        Assert.StartsWith("127.", await fixture.Http.GetStringAsync(url + "/env?CACHE_ONE_SERVICE_HOST"));
        Assert.Equal(ClusterFixture.Address(pod), await fixture.Http.GetStringAsync(url + "/env?DWCP_BIND_ADDRESS"));
        Assert.StartsWith("registry.example/tests/testpod@sha256:", pod.At("status.containerStatuses").Objects().First().Text("imageID"));
    }

    [Fact]
    public async Task A_crashing_container_is_shown_as_CrashLoopBackOff_with_its_last_state()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "broken", """{ "args": ["crash", "3"] }"""));
        await fixture.Eventually(() => ClusterFixture.State(fixture.Pods(ns, "broken")[0]) == "CrashLoopBackOff", "CrashLoopBackOff");
        var status = fixture.Pods(ns, "broken")[0].At("status.containerStatuses").Objects().First();
        Assert.Equal(1, status.Integer("restartCount"));
        Assert.Equal(3, (status.At("lastState.terminated") as JsonObject)!.Integer("exitCode"));
        Assert.Equal("Error", (status.At("lastState.terminated") as JsonObject)!.Text("reason"));
        Assert.StartsWith("back-off 10s restarting failed container=main pod=broken_" + ns, (status.At("state.waiting") as JsonObject)!.Text("message"));
        Assert.Contains(fixture.Events(ns, "BackOff"), m => m.StartsWith("Back-off restarting failed container main in pod broken_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_image_or_digest_ends_in_ImagePullBackOff()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "unknown", """{ "image": "grafana/grafana:12.0.0" }"""));
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "digest", $$"""{ "image": "testpod@sha256:{{new string('0', 64)}}" }"""));
        foreach (var name in new[] { "unknown", "digest" })
        {
            await fixture.Eventually(() => ClusterFixture.State(fixture.Pods(ns, name)[0]) == "ImagePullBackOff", "ImagePullBackOff of " + name);
        }
        Assert.Contains(fixture.Events(ns, "Failed"), m => m.Contains("docker.io/grafana/grafana:12.0.0: not found", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_runs_by_the_digest_that_it_reported()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "first"));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "first").Count == 1, "the pod ready");
        var image = fixture.Pods(ns, "first")[0].At("status.containerStatuses").Objects().First().Text("imageID");
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "second", $$"""{ "image": "{{image}}" }"""));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "second").Count == 1, "the pod by digest ready");
    }

    [Fact]
    public async Task A_missing_key_holds_the_container_back_until_it_is_there()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "waiting",
            """{ "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": "late", "key": "a" } } }] }"""));
        await fixture.Eventually(() => ClusterFixture.State(fixture.Pods(ns, "waiting")[0]) == "CreateContainerConfigError", "CreateContainerConfigError");
        Store.Create(ResourceTypes.Secrets, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "late", ["namespace"] = ns },
            ["data"] = new JsonObject { ["a"] = Convert.ToBase64String("x"u8) },
        });
        await fixture.Eventually(() => fixture.ReadyPods(ns, "waiting").Count == 1, "the pod ready");
    }

    [Fact]
    public async Task A_ConfigMap_volume_follows_its_object_at_once_and_as_a_whole()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.ConfigMaps, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "files", ["namespace"] = ns },
            ["data"] = new JsonObject { ["a.txt"] = "one", ["b.txt"] = "one" },
        });
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "web", """{ "volumeMounts": [{ "name": "files", "mountPath": "/etc/files" }] }""",
            """{ "volumes": [{ "name": "files", "configMap": { "name": "files", "defaultMode": 256 } }] }"""));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web").Count == 1, "the pod ready");
        var url = $"http://{ClusterFixture.Address(fixture.Pods(ns, "web")[0])}:8080";
        await Answers(url);
        Assert.Equal("one", await fixture.Http.GetStringAsync(url + "/file?/etc/files/a.txt"));
        Store.Modify(ResourceTypes.ConfigMaps, ns, "files", map =>
        {
            map["data"] = new JsonObject { ["a.txt"] = "two", ["c.txt"] = "two" };
            return true;
        });
        await Becomes(async () => await fixture.Http.GetStringAsync(url + "/file?/etc/files/a.txt") == "two");
        Assert.Equal("two", await fixture.Http.GetStringAsync(url + "/file?/etc/files/c.txt"));
        using var gone = await fixture.Http.GetAsync(url + "/file?/etc/files/b.txt");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Probes_decide_when_a_pod_is_ready_and_when_it_is_restarted()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "probed", """
            {
              "ports": [{ "name": "web", "containerPort": 8080 }],
              "startupProbe": { "tcpSocket": { "port": 8080 }, "periodSeconds": 1, "timeoutSeconds": 20, "failureThreshold": 30 },
              "readinessProbe": { "httpGet": { "path": "/ready", "port": "web" }, "periodSeconds": 1, "timeoutSeconds": 20, "failureThreshold": 1 },
              "livenessProbe": { "httpGet": { "path": "/live", "port": "web" }, "periodSeconds": 1, "timeoutSeconds": 20, "failureThreshold": 2 }
            }
            """));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "probed").Count == 1, "the pod ready");
        var url = $"http://{ClusterFixture.Address(fixture.Pods(ns, "probed")[0])}:8080";
        await fixture.Http.GetStringAsync(url + "/touch?/tmp/unready");
        await fixture.Eventually(() => fixture.ReadyPods(ns, "probed").Count == 0, "the pod not ready");
        await fixture.Eventually(() => fixture.Events(ns, "Unhealthy").Contains("Readiness probe failed: HTTP probe failed with statuscode: 503"), "the refusal");
        await fixture.Http.GetStringAsync(url + "/touch?/tmp/dead");
        await fixture.Eventually(() => fixture.Pods(ns, "probed")[0].At("status.containerStatuses").Objects().First().Integer("restartCount") == 1, "a restart");
        Assert.Contains("Container main failed liveness probe, will be restarted", fixture.Events(ns, "Killing"));
    }

    [Fact]
    public async Task A_deleted_pod_gets_SIGTERM_and_time_to_drain()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "polite", Workloads.ReadyProbe.Insert(1, """ "env": [{ "name": "DRAIN_MS", "value": "700" }],"""), """{ "terminationGracePeriodSeconds": 90 }"""));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "polite").Count == 1, "the pod ready");
        using var following = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var log = LogAsync(ns, "polite", follow: true, following.Token);
        var clock = Stopwatch.StartNew();
        Store.Delete(ResourceTypes.Pods, ns, "polite");
        await fixture.Eventually(() => fixture.Pods(ns, "polite").Count == 0, "the pod gone", seconds: 85);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.69, 85);
        Assert.Equal(["serving", "with standard error", "got SIGTERM", "drained"], await log);
    }

    [Fact]
    public async Task A_pod_that_ignores_SIGTERM_is_killed_after_its_grace_period_with_all_that_it_started()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "stubborn",
            Workloads.ReadyProbe.Insert(1, """ "env": [{ "name": "IGNORE_SIGTERM", "value": "1" }],"""), """{ "terminationGracePeriodSeconds": 1 }"""));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "stubborn").Count == 1, "the pod ready");
        var url = $"http://{ClusterFixture.Address(fixture.Pods(ns, "stubborn")[0])}:8080";
        var child = int.Parse(await fixture.Http.GetStringAsync(url + "/child"));
        Assert.True(IsRunning(child));
        Store.Delete(ResourceTypes.Pods, ns, "stubborn");
        await fixture.Eventually(() => fixture.Pods(ns, "stubborn").Count == 0, "the pod gone");
        await Becomes(() => Task.FromResult(!IsRunning(child)));
    }

    [Fact]
    public async Task Init_containers_run_first_and_share_volumes_and_the_pod_succeeds_when_its_work_is_done()
    {
        var ns = await fixture.NamespaceAsync();
        var claim = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "store", ["namespace"] = ns },
            ["spec"] = JsonNode.Parse("""{ "accessModes": ["ReadWriteMany"], "resources": { "requests": { "storage": "1Gi" } } }"""),
        };
        Store.Create(ResourceTypes.PersistentVolumeClaims, claim);
        Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "job",
            """{ "args": ["exit-after-file", "/data/done"], "volumeMounts": [{ "name": "data", "mountPath": "/data" }] }""",
            """
            {
              "restartPolicy": "Never",
              "initContainers": [{ "name": "first", "image": "testpod", "command": ["sh", "-c", "echo from init > data/done"],
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }] }],
              "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": "store" } }]
            }
            """));
        await fixture.Eventually(() => (fixture.Pods(ns, "job")[0]["status"] as JsonObject)?.Text("phase") == "Succeeded", "success");
        Assert.Equal("Completed", ClusterFixture.State(fixture.Pods(ns, "job")[0]));
    }

    [Fact]
    public async Task A_process_in_a_pod_talks_to_the_API_server_as_its_service_account()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Roles, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "reader", ["namespace"] = ns },
            ["rules"] = JsonNode.Parse("""[{ "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"], "verbs": ["get"] }]"""),
        });
        Store.Create(ResourceTypes.RoleBindings, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "reader", ["namespace"] = ns },
            ["roleRef"] = JsonNode.Parse("""{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" }"""),
            ["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = "default", ["namespace"] = ns }),
        });
        Store.Create(ResourceTypes.ConfigMaps, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "mine", ["namespace"] = ns },
            ["data"] = new JsonObject { ["hello"] = "from the cluster" },
        });
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "client", 1, Workloads.ReadyProbe));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "client").Count == 1, "the pod ready");
        var url = $"http://{ClusterFixture.Address(fixture.ReadyPods(ns, "client")[0])}:8080";
        Assert.Contains("from the cluster", await fixture.Http.GetStringAsync($"{url}/api?/api/v1/namespaces/{ns}/configmaps/mine"));
        using var refused = await fixture.Http.GetAsync($"{url}/api?/api/v1/namespaces/{ns}/secrets");
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains($"User \\\"system:serviceaccount:{ns}:default\\\" cannot list resource \\\"secrets\\\"", await refused.Content.ReadAsStringAsync());
    }

    private async Task Answers(string url) => await Becomes(async () =>
    {
        try
        {
            await fixture.Http.GetStringAsync(url + "/name");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

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

    private async Task<List<string>> LogAsync(string ns, string pod, bool follow, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        await foreach (var line in fixture.Cluster.Logs.ReadLogAsync(new PodLogRequest(ns, pod, "main") { Follow = follow }, cancellationToken))
        {
            lines.Add(line.Text);
        }
        return lines;
    }

    private static bool IsRunning(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
