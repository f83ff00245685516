using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>The server as KubernetesClient sees it.</summary>
public sealed class ApiClientTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private readonly string _ns = api.NewNamespace();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Objects_are_created_read_replaced_and_deleted()
    {
        var created = await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1"), _ns, cancellationToken: Ct);
        created.Data["key"] = "2";
        var replaced = await api.Client.ReplaceNamespacedConfigMapAsync(created, "a", _ns, cancellationToken: Ct);
        Assert.NotEqual(created.ResourceVersion(), replaced.ResourceVersion());
        Assert.Equal("2", (await api.Client.ReadNamespacedConfigMapAsync("a", _ns, cancellationToken: Ct)).Data["key"]);
        var status = await api.Client.DeleteNamespacedConfigMapAsync("a", _ns, cancellationToken: Ct);
        Assert.Equal("Success", status.Status);
        await RefusedAsync(404, "NotFound", "configmaps \"a\" not found", () => api.Client.ReadNamespacedConfigMapAsync("a", _ns, cancellationToken: Ct));
    }

    [Fact]
    public async Task Writing_over_an_old_version_is_a_conflict()
    {
        var old = await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1"), _ns, cancellationToken: Ct);
        old.Data["key"] = "2";
        await api.Client.ReplaceNamespacedConfigMapAsync(old, "a", _ns, cancellationToken: Ct);
        await RefusedAsync(
            409, "Conflict",
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again",
            () => api.Client.ReplaceNamespacedConfigMapAsync(old, "a", _ns, cancellationToken: Ct));
        await RefusedAsync(409, "AlreadyExists", "configmaps \"a\" already exists", () => api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1"), _ns, cancellationToken: Ct));
    }

    [Fact]
    public async Task Lists_select_by_labels_and_fields_and_come_in_pages()
    {
        for (var i = 0; i < 5; i++)
        {
            await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("c" + i, "1", ("odd", (i % 2).ToString())), _ns, cancellationToken: Ct);
        }
        Assert.Equal(["c1", "c3"], (await api.Client.ListNamespacedConfigMapAsync(_ns, labelSelector: "odd in (1),odd!=0", cancellationToken: Ct)).Items.Select(static c => c.Name()));
        Assert.Equal(["c2"], (await api.Client.ListNamespacedConfigMapAsync(_ns, fieldSelector: "metadata.name=c2", cancellationToken: Ct)).Items.Select(static c => c.Name()));
        var names = new List<string>();
        string? next = null;
        do
        {
            var page = await api.Client.ListNamespacedConfigMapAsync(_ns, labelSelector: "odd", limit: 2, continueParameter: next, cancellationToken: Ct);
            Assert.InRange(page.Items.Count, 1, 2);
            names.AddRange(page.Items.Select(static c => c.Name()));
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
        Assert.Equal(["c0", "c1", "c2", "c3", "c4"], names);
        await RefusedAsync(400, "BadRequest", null, () => api.Client.ListNamespacedConfigMapAsync(_ns, fieldSelector: "data.key=1", cancellationToken: Ct));
    }

    [Fact]
    public async Task Watches_begin_where_a_list_ended_and_see_selected_objects_come_and_go()
    {
        var list = await api.Client.ListNamespacedConfigMapAsync(_ns, cancellationToken: Ct);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var seen = new List<string>();
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, item) in api.Client.WatchListNamespacedConfigMapAsync(
                _ns, labelSelector: "on=yes", resourceVersion: list.ResourceVersion(), allowWatchBookmarks: true, cancellationToken: limit.Token))
            {
                seen.Add($"{type} {item.Name()}");
                if (seen.Count == 4)
                {
                    return;
                }
            }
        }, Ct);
        await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("hidden", "1"), _ns, cancellationToken: Ct);
        await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1", ("on", "yes")), _ns, cancellationToken: Ct);
        await PatchAsync("a", """{"data":{"key":"2"}}""");
        await PatchAsync("a", """{"metadata":{"labels":{"on":"no"}}}""");
        await PatchAsync("a", """{"metadata":{"labels":{"on":"yes"}}}""");
        await watching.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.Equal(["Added a", "Modified a", "Deleted a", "Added a"], seen);
    }

    [Fact]
    public async Task A_watch_from_a_forgotten_revision_is_told_that_it_is_gone()
    {
        await using var own = new OwnServer();
        var server = await own.StartAsync();
        server.Store.CompactHistory();
        using var answer = await server.Http.GetAsync("/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=1", HttpCompletionOption.ResponseHeadersRead, Ct);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        var line = (JsonObject)JsonNode.Parse((await reader.ReadLineAsync(Ct))!)!;
        Assert.Equal(("ERROR", "Expired", 410), (line.Text("type"), line.At("object.reason")!.ToString(), (line.At("object.code") as JsonValue).AsInteger()));
    }

    [Fact]
    public async Task Initial_events_end_with_a_marked_bookmark()
    {
        await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1", ("mine", "yes")), _ns, cancellationToken: Ct);
        using var answer = await api.Http.GetAsync(
            $"/api/v1/namespaces/{_ns}/configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=mine",
            HttpCompletionOption.ResponseHeadersRead, Ct);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        Assert.Equal("ADDED", JsonNode.Parse((await reader.ReadLineAsync(Ct))!)!["type"]!.ToString());
        var bookmark = JsonNode.Parse((await reader.ReadLineAsync(Ct))!)!;
        Assert.Equal("BOOKMARK", bookmark["type"]!.ToString());
        Assert.Equal("true", bookmark["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.ToString());
    }

    [Fact]
    public async Task Dry_runs_answer_as_if_and_keep_nothing()
    {
        var before = api.Store.Snapshot(ResourceTypes.ConfigMaps, _ns).Items.Count;
        await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1"), _ns, dryRun: "All", cancellationToken: Ct);
        Assert.Equal(before, api.Store.Snapshot(ResourceTypes.ConfigMaps, _ns).Items.Count);
        await api.Client.CreateNamespacedConfigMapAsync(ConfigMap("a", "1"), _ns, cancellationToken: Ct);
        var patched = await api.Client.PatchNamespacedConfigMapAsync(
            new V1Patch("""{"data":{"key":"2"}}""", V1Patch.PatchType.MergePatch), "a", _ns, dryRun: "All", cancellationToken: Ct);
        Assert.Equal("2", patched.Data["key"]);
        await api.Client.DeleteNamespacedConfigMapAsync("a", _ns, dryRun: "All", cancellationToken: Ct);
        Assert.Equal("1", (await api.Client.ReadNamespacedConfigMapAsync("a", _ns, cancellationToken: Ct)).Data["key"]);
    }

    [Fact]
    public async Task Server_side_apply_creates_owns_and_prunes()
    {
        V1Patch Applied(string data) => new("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":" + data + "}", V1Patch.PatchType.ApplyPatch);

        await api.Client.PatchNamespacedConfigMapAsync(Applied("""{"a":"1","b":"1"}"""), "a", _ns, fieldManager: "one", cancellationToken: Ct);
        await PatchAsync("a", """{"data":{"c":"1"}}""");
        var second = await api.Client.PatchNamespacedConfigMapAsync(Applied("""{"a":"2"}"""), "a", _ns, fieldManager: "one", cancellationToken: Ct);
        Assert.Equal(["a", "c"], second.Data.Keys.Order());
        var conflict = await RefusedAsync(
            409, "Conflict", "Apply failed with 1 conflict: conflict with \"one\": .data.a",
            () => api.Client.PatchNamespacedConfigMapAsync(Applied("""{"a":"3"}"""), "a", _ns, fieldManager: "two", cancellationToken: Ct));
        Assert.Equal("FieldManagerConflict", conflict.At("details.causes")![0]!["reason"]!.ToString());
        var forced = await api.Client.PatchNamespacedConfigMapAsync(Applied("""{"a":"3"}"""), "a", _ns, fieldManager: "two", force: true, cancellationToken: Ct);
        Assert.Equal("3", forced.Data["a"]);
        var before = forced.ResourceVersion();
        var again = await api.Client.PatchNamespacedConfigMapAsync(Applied("""{"a":"3"}"""), "a", _ns, fieldManager: "two", cancellationToken: Ct);
        Assert.Equal(before, again.ResourceVersion());
    }

    [Fact]
    public async Task Status_is_written_through_its_own_door()
    {
        var d = await api.Client.CreateNamespacedDeploymentAsync(KubernetesYaml.Deserialize<V1Deployment>(Manifests.Deployment("web")), _ns, cancellationToken: Ct);
        d.Status = new() { Replicas = 7 };
        d.Spec.Replicas = 3;
        d = await api.Client.ReplaceNamespacedDeploymentAsync(d, "web", _ns, cancellationToken: Ct);
        Assert.True(d is { Spec.Replicas: 3, Status: null });
        d.Status = new() { Replicas = 7 };
        d.Spec.Replicas = 9;
        d = await api.Client.ReplaceNamespacedDeploymentStatusAsync(d, "web", _ns, cancellationToken: Ct);
        Assert.True(d is { Spec.Replicas: 3, Status.Replicas: 7 });
    }

    [Fact]
    public async Task Scale_reads_and_writes_replicas()
    {
        await api.Client.CreateNamespacedDeploymentAsync(KubernetesYaml.Deserialize<V1Deployment>(Manifests.Deployment("web")), _ns, cancellationToken: Ct);
        var scale = await api.Client.ReadNamespacedDeploymentScaleAsync("web", _ns, cancellationToken: Ct);
        Assert.Equal((2, "app=web"), (scale.Spec.Replicas, scale.Status.Selector));
        scale.Spec.Replicas = 5;
        await api.Client.ReplaceNamespacedDeploymentScaleAsync(scale, "web", _ns, cancellationToken: Ct);
        Assert.Equal(5, (await api.Client.ReadNamespacedDeploymentAsync("web", _ns, cancellationToken: Ct)).Spec.Replicas);
    }

    [Fact]
    public async Task Evictions_respect_the_disruption_budget()
    {
        var pod = Manifests.Pod(_ns, "p", ("app", "x"));
        pod["spec"]!["nodeName"] = "n";
        api.Store.Create(ResourceTypes.Pods, pod);
        api.Store.Modify(ResourceTypes.Pods, _ns, "p", static p => (p.Child("status")["phase"] = "Running") is not null, status: true);
        var budget = api.Store.Create(ResourceTypes.PodDisruptionBudgets, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "b", ["namespace"] = _ns },
            ["spec"] = new JsonObject { ["minAvailable"] = 1, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "x" } } },
        });
        var eviction = new V1Eviction { Metadata = new() { Name = "p", NamespaceProperty = _ns } };
        await RefusedAsync(
            429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
            () => api.Client.CreateNamespacedPodEvictionAsync(eviction, "p", _ns, cancellationToken: Ct));
        budget["status"] = new JsonObject { ["observedGeneration"] = 1, ["disruptionsAllowed"] = 1 };
        api.Store.UpdateStatus(ResourceTypes.PodDisruptionBudgets, budget);
        await api.Client.CreateNamespacedPodEvictionAsync(eviction, "p", _ns, cancellationToken: Ct);
        Assert.True(api.Store.Get(ResourceTypes.Pods, _ns, "p")!.IsDeleting());
    }

    [Fact]
    public async Task Logs_honour_their_options()
    {
        api.Store.Create(ResourceTypes.Pods, Manifests.Pod(_ns, "p"));
        await using var tail = await api.Client.ReadNamespacedPodLogAsync("p", _ns, tailLines: 2, timestamps: true, cancellationToken: Ct);
        Assert.Equal("2026-01-02T03:04:13.000000000Z line 8\n2026-01-02T03:04:14.000000000Z line 9\n", await new StreamReader(tail).ReadToEndAsync(Ct));
        await using var follow = await api.Client.ReadNamespacedPodLogAsync("p", _ns, follow: true, previous: true, sinceSeconds: 60, cancellationToken: Ct);
        using var reader = new StreamReader(follow);
        Assert.Equal("line 0", await reader.ReadLineAsync(Ct));
        Assert.True(api.Pods.Last is { Follow: true, Previous: true, Since: not null });
        await RefusedAsync(
            400, "BadRequest", "container nope is not valid for pod p", () => api.Client.ReadNamespacedPodLogAsync("p", _ns, container: "nope", cancellationToken: Ct));
    }

    [Fact]
    public async Task The_proxy_reaches_pods_and_the_endpoints_of_services()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = Task.Run(() => ServeAsync(listener, 2), Ct);
        var pod = Manifests.Pod(_ns, "p");
        api.Store.Create(ResourceTypes.Pods, pod);
        api.Store.Modify(ResourceTypes.Pods, _ns, "p", static p => (p.Child("status")["podIP"] = "127.0.0.1") is not null, status: true);
        api.Store.Create(ResourceTypes.Services, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "s", ["namespace"] = _ns },
            ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 80 }) },
        });
        using (var empty = await api.Http.GetAsync($"/api/v1/namespaces/{_ns}/services/s:http/proxy/", Ct))
        {
            Assert.Equal(503, (int)empty.StatusCode);
            Assert.Contains("no endpoints available for service", await empty.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }
        api.Store.Create(ResourceTypes.EndpointSlices, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "s-1", ["namespace"] = _ns, ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = "s" } },
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray(new JsonObject { ["addresses"] = new JsonArray("127.0.0.1") }),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = port }),
        });
        Assert.Equal("GET /a/b?c=d", await api.Http.GetStringAsync($"/api/v1/namespaces/{_ns}/pods/p:{port}/proxy/a/b?c=d", Ct));
        Assert.Equal("GET /", await api.Http.GetStringAsync($"/api/v1/namespaces/{_ns}/services/s:http/proxy/", Ct));
        await serving;
    }

    [Fact]
    public async Task Ports_of_pods_are_forwarded_over_a_web_socket()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        api.Store.Create(ResourceTypes.Pods, Manifests.Pod(_ns, "p"));
        api.Store.Modify(ResourceTypes.Pods, _ns, "p", static p => (p.Child("status")["podIP"] = "127.0.0.1") is not null, status: true);
        var serving = Task.Run(() => ServeAsync(listener, 1), Ct);
        using var socket = await api.Client.WebSocketNamespacedPodPortForwardAsync("p", _ns, [port], "v4.channel.k8s.io", cancellationToken: Ct);
        using var demuxer = new StreamDemuxer(socket, StreamType.PortForward);
        demuxer.Start();
        await using var stream = demuxer.GetStream((byte?)0, (byte?)0);
        await stream.WriteAsync("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray(), Ct);
        var buffer = new byte[1024];
        var read = await stream.ReadAsync(buffer, Ct);
        Assert.Contains("HTTP/1.1 200", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task Events_are_the_same_objects_in_both_groups()
    {
        await api.Client.CreateNamespacedEventAsync(new Corev1Event
        {
            Metadata = new() { Name = "e" }, InvolvedObject = new() { Kind = "Pod", Name = "p", NamespaceProperty = _ns }, Reason = "Because", Message = "text", Type = "Normal",
        }, _ns, cancellationToken: Ct);
        var grouped = await api.Client.EventsV1.ReadNamespacedEventAsync("e", _ns, cancellationToken: Ct);
        Assert.Equal(("p", "text", "Because"), (grouped.Regarding.Name, grouped.Note, grouped.Reason));
        var found = await api.Client.CoreV1.ListNamespacedEventAsync(_ns, fieldSelector: "involvedObject.name=p,involvedObject.kind=Pod", cancellationToken: Ct);
        Assert.Single(found.Items);
    }

    internal static async Task<JsonObject> RefusedAsync(int code, string reason, string? message, Func<Task> action)
    {
        var e = await Assert.ThrowsAsync<HttpOperationException>(action);
        Assert.Equal(code, (int)e.Response.StatusCode);
        var status = (JsonObject)JsonNode.Parse(e.Response.Content)!;
        Assert.Equal(reason, status.Text("reason"));
        if (message is not null)
        {
            Assert.Equal(message, status.Text("message"));
        }
        Assert.Equal(("Status", "Failure"), (status.Kind(), status.Text("status")));
        return status;
    }

    private static async Task ServeAsync(TcpListener listener, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            using var client = await listener.AcceptTcpClientAsync(Ct);
            using var reader = new StreamReader(client.GetStream(), leaveOpen: true);
            var first = (await reader.ReadLineAsync(Ct))!;
            while (await reader.ReadLineAsync(Ct) is { Length: > 0 })
            {
            }
            var body = first[..^" HTTP/1.1".Length];
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), Ct);
        }
    }

    private Task PatchAsync(string name, string patch) =>
        api.Client.PatchNamespacedConfigMapAsync(new V1Patch(patch, V1Patch.PatchType.MergePatch), name, _ns, cancellationToken: Ct);

    private static V1ConfigMap ConfigMap(string name, string value, params (string Key, string Value)[] labels) => new()
    {
        Metadata = new() { Name = name, Labels = labels.ToDictionary(static l => l.Key, static l => l.Value) }, Data = new Dictionary<string, string> { ["key"] = value },
    };
}
