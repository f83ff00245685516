using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Storage;
using YamlDotNet.Serialization;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>
/// The shipped CRDs, policies and Roles on the rehearsal's API server over TLS, with people and the guardian each under their own name, and a small
/// stand-in for kubelet and controllers that serves simulated nodes.
/// </summary>
internal sealed class ApiScenario : IAsyncDisposable
{
    public const string Namespace = "staging";
    private static int _addresses = Environment.ProcessId % 200 * 250;
    private readonly ClusterStore _store = new();
    private readonly Dictionary<string, (SimulatedNode Node, SimulatedNodePorts Ports)> _pods = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Random _random = new(1);
    private ApiServer _server = null!;
    private Task _kubelet = Task.CompletedTask;
    private int _number;

    public ApiServer Server => _server;

    public int Pods { get; init; } = 2;

    public double RequestsPerSecond { get; set; } = 40;

    public double V3FailShare { get; set; }

    public IReadOnlyList<SimulatedNode> Nodes
    {
        get
        {
            lock (_pods) return [.. _pods.Values.Select(pod => pod.Node)];
        }
    }

    public ClusterConnection Admin { get; private set; } = null!;

    public static async Task<ApiScenario> StartAsync(int pods = 2)
    {
        var scenario = new ApiScenario { Pods = pods };
        scenario._server = await ApiServer.StartAsync(scenario._store, new ApiServerOptions());
        scenario.Admin = scenario.Connect(scenario._server.AdministratorToken);
        await scenario.Admin.CreateAsync(Json("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"staging"}}"""));
        foreach (var file in new[] { "crd-dwcprollouts.yaml", "crd-dwcpapprovals.yaml", "approval-policy.yaml", "10-service-accounts.yaml", "role-guardian.yaml", "11-node-permissions.yaml", "12-people.yaml" })
            foreach (var document in Load(file)) await scenario.Admin.ApplyAsync(document, Namespace);
        foreach (var (role, user) in new[] { ("dwcp-viewer", "alice"), ("dwcp-operator", "alice"), ("dwcp-viewer", "bob"), ("dwcp-approver", "bob") })
            await scenario.Admin.CreateAsync(Json($$$"""
                {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"{{{role}}}-{{{user}}}"},
                 "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"{{{role}}}"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"{{{user}}}"}]}
                """), Namespace);
        await scenario.Admin.CreateAsync(Json("""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dwcp-v3-config"},"data":{"DWCP_VERSION":"3.0.0","FEATURE_FLAG_V3_ROLLOUT":"0","FEATURE_FLAG_V3_CEILING":"0"}}
            """), Namespace);
        await scenario.Admin.CreateAsync(Json($$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dwcp-v3-validation"},"data":{"decision":"GO","release":"3.0.0","time":"{{{DateTime.UtcNow:O}}}","approvedBy":"bob"} }
            """), Namespace);
        await scenario.Admin.CreateAsync(Json($$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"dwcp-v3"},"spec":{"replicas":{{{pods}}},"selector":{"matchLabels":{"app":"dwcp-v3"} },
             "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":1} },
             "template":{"metadata":{"labels":{"app":"dwcp-v3"} },"spec":{"containers":[{"name":"node","image":"dwcpd:test"}]} } } }
            """), Namespace);
        scenario._kubelet = Task.Run(scenario.RunAsync);
        return scenario;
    }

    public ClusterConnection As(string user) => Connect(new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(_server.Kubeconfig()) is { } config
        ? Token(config, user)
        : throw new InvalidOperationException("no kubeconfig"));

    public ClusterConnection AsGuardian() => Connect(_server.IssueToken(Namespace, "dwcp-v3-guardian", TimeSpan.FromHours(1)));

    public static IEnumerable<JsonObject> Load(string file)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "NovaCron.Dwcp.sln"))) directory = directory.Parent;
        var text = File.ReadAllText(Path.Combine(directory.FullName, "module", "assets", "kubernetes", file)).Replace("${namespace}", Namespace, StringComparison.Ordinal);
        var yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        foreach (var document in text.Split("\n---\n"))
            yield return JsonSerializer.SerializeToNode(Plain(yaml.Deserialize<object>(document)!))!.AsObject();

        static object? Plain(object? node) => node switch
        {
            IDictionary<object, object> map => map.ToDictionary(entry => entry.Key.ToString()!, entry => Plain(entry.Value)),
            IList<object> list => list.Select(Plain).ToList(),
            _ => node,
        };
    }

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _kubelet;
        foreach (var (_, ports) in _pods.Values) await ports.DisposeAsync();
        Admin.Dispose();
        await _server.DisposeAsync();
        _stop.Dispose();
    }

    private static string Token(Dictionary<string, object> kubeconfig, string user)
    {
        var entry = ((List<object>)kubeconfig["users"]).Cast<Dictionary<object, object>>().Single(entry => ((string)entry["name"]).StartsWith(user + "@", StringComparison.Ordinal));
        return (string)((Dictionary<object, object>)entry["user"])["token"];
    }

    private ClusterConnection Connect(string token) => ClusterConnection.Open(new ClusterConnectionOptions
    {
        Server = _server.Url.ToString(), Token = token, CertificateAuthority = _server.CertificateAuthorityPem, MaximumAttempts = 2,
        MaximumRetryDelay = TimeSpan.FromMilliseconds(200), RequestTimeout = TimeSpan.FromSeconds(5),
    });

    /// <summary>Ten times a second: pods as the Deployment wants them, flags as the ConfigMap says, and a tenth of a second's traffic.</summary>
    private async Task RunAsync()
    {
        var restarted = "";
        double due = 0;
        while (!_stop.IsCancellationRequested)
        {
            var deployment = _store.Get(ResourceTypes.Deployments, Namespace, "dwcp-v3")!;
            var mark = deployment["spec"]!["template"]!["metadata"]!["annotations"]?[RolloutNames.RestartAnnotation]?.ToString() ?? "";
            if (mark != restarted)
            {
                restarted = mark;
                foreach (var name in _pods.Keys.ToList()) _store.Delete(ResourceTypes.Pods, Namespace, name, new DeleteRequest { GracePeriodSeconds = 0 });
            }
            var present = _store.List(ResourceTypes.Pods, Namespace).Select(pod => pod["metadata"]!["name"]!.ToString()).ToHashSet();
            foreach (var name in _pods.Keys.Except(present).ToList())
            {
                await _pods[name].Ports.DisposeAsync();
                lock (_pods) _pods.Remove(name);
            }
            while (_pods.Count < Pods) await AddPodAsync();
            var map = _store.Get(ResourceTypes.ConfigMaps, Namespace, "dwcp-v3-config")!;
            foreach (var node in Nodes)
                node.Apply(Percent(map, RolloutNames.FlagKey), Percent(map, RolloutNames.CeilingKey), map["metadata"]!["resourceVersion"]!.ToString());
            _store.Modify(ResourceTypes.Deployments, Namespace, "dwcp-v3", document =>
            {
                // What came since the top of this round is seen by the next: until then it is not observed.
                if ((document["spec"]!["template"]!["metadata"]!["annotations"]?[RolloutNames.RestartAnnotation]?.ToString() ?? "") != restarted) return false;
                document["status"] = new JsonObject
                {
                    ["observedGeneration"] = document["metadata"]!["generation"]!.DeepClone(), ["replicas"] = Pods, ["updatedReplicas"] = Pods,
                    ["readyReplicas"] = Pods, ["availableReplicas"] = Pods,
                };
                return true;
            }, status: true);
            for (due += RequestsPerSecond / 10; due >= 1; due--)
            {
                var serving = Nodes.Where(node => !node.Hung).ToList();
                if (serving.Count == 0) continue;
                var node = serving[_random.Next(serving.Count)];
                var v3 = _random.NextDouble() * 100 < node.Effective;
                node.Serve(v3, v3 && _random.NextDouble() < V3FailShare, slow: false);
            }
            await Task.WhenAny(Task.Delay(100, _stop.Token));
        }
    }

    private async Task AddPodAsync()
    {
        var name = $"dwcp-v3-{++_number}";
        var index = Interlocked.Increment(ref _addresses);
        var address = $"127.{61 + index / 62500 % 100}.{index / 250 % 250}.{1 + index % 250}";
        var created = _store.Create(ResourceTypes.Pods, Json($$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","namespace":"staging","labels":{"app":"dwcp-v3"} },
             "spec":{"containers":[{"name":"node","image":"dwcpd:test"}]} }
            """));
        var node = new SimulatedNode(name, created["metadata"]!["uid"]!.ToString(), DateTimeOffset.UtcNow);
        var ports = await SimulatedNodePorts.StartAsync(node, address);
        lock (_pods) _pods[name] = (node, ports);
        created["status"] = Json($$$"""
            {"phase":"Running","podIP":"{{{address}}}","startTime":"{{{DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss'Z'}}}","conditions":[{"type":"Ready","status":"True"}],
             "containerStatuses":[{"name":"node","ready":true,"restartCount":0,"image":"dwcpd:test","imageID":"","state":{"running":{} } }]}
            """);
        _store.UpdateStatus(ResourceTypes.Pods, created);
    }

    private static int Percent(JsonObject map, string key) => int.TryParse(map["data"]?[key]?.ToString(), out var percent) ? percent : 0;
}
