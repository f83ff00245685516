using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

/// <summary>A cluster that the tests of a class share, each in its own namespace.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private int _namespaces;

    public RehearsalCluster Cluster { get; private set; } = null!;

    public ClusterStore Store => Cluster.Store;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero });

    public static RehearsalOptions Options { get; } = new()
    {
        Images = new Dictionary<string, string> { ["testpod"] = Path.Combine(AppContext.BaseDirectory, "testpod.dll") },
        VolumeLag = TimeSpan.FromMilliseconds(300),
    };

    public async ValueTask InitializeAsync() => Cluster = await RehearsalCluster.StartAsync(Options);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        var directory = Cluster.Directory;
        await Cluster.DisposeAsync();
        Assert.False(Directory.Exists(directory), "the cluster left its directory behind");
    }

    /// <summary>A new namespace, with its service account.</summary>
    public async Task<string> NamespaceAsync(params (string Key, string Value)[] labels)
    {
        var ns = $"test-{Interlocked.Increment(ref _namespaces)}";
        var metadata = new JsonObject { ["name"] = ns, ["labels"] = new JsonObject(labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))) };
        Store.Create(ResourceTypes.Namespaces, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = metadata });
        await Eventually(() => Store.Find(ResourceTypes.ServiceAccounts, ns, "default") is not null
            && Store.Find(ResourceTypes.ConfigMaps, ns, "kube-root-ca.crt") is not null, "a service account in the new namespace");
        return ns;
    }

    /// <summary>Waits until a condition holds, looking again at every change of the cluster.</summary>
    public async Task Eventually(Func<bool> condition, string what, int seconds = 120)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            var revision = Store.Revision;
            if (condition())
            {
                return;
            }
            try
            {
                await Store.WaitForChangeAsync(revision, limit.Token);
            }
            catch (OperationCanceledException)
            {
                var journal = Path.Combine(Cluster.Directory, "cluster.log");
                var pods = string.Join("\n", Store.List(ResourceTypes.Pods).Select(p => p.Namespace() + "/" + p.Name() + " " + p["status"]?.ToJsonString()));
                Assert.Fail($"Never saw {what}.\n{(File.Exists(journal) ? File.ReadAllText(journal) : "")}\n{pods}");
            }
        }
    }

    public IReadOnlyList<JsonObject> Pods(string ns, string app) =>
        [.. Store.List(ResourceTypes.Pods, ns).Where(p => (p.At("metadata.labels") as JsonObject)?.Text("app") == app)];

    public IReadOnlyList<JsonObject> ReadyPods(string ns, string app) => [.. Pods(ns, app).Where(IsReady)];

    public static bool IsReady(JsonObject pod) => !pod.IsDeleting()
        && pod.At("status.conditions").Objects().Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");

    public static string Address(JsonObject pod) => ((JsonObject)pod["status"]!).Text("podIP")!;

    /// <summary>The state of a pod's only container: <c>running</c>, or the reason why not.</summary>
    public static string State(JsonObject pod)
    {
        var state = pod.At("status.containerStatuses").Objects().FirstOrDefault()?["state"] as JsonObject;
        return state is null ? "" : state.ContainsKey("running") ? "running" : ((JsonObject)state.First().Value!).Text("reason") ?? "";
    }

    public IEnumerable<string> Events(string ns, string reason) =>
        Store.List(ResourceTypes.Events, ns).Where(e => e.Text("reason") == reason).Select(e => e.Text("message")!);
}
