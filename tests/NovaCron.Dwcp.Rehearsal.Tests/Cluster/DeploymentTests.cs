using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

public sealed class DeploymentTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private const string NeverFewer = """{ "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } } }""";

    private ClusterStore Store => fixture.Store;

    [Fact]
    public async Task A_rolling_update_never_has_fewer_ready_pods_nor_more_pods_than_it_may()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 3, Workloads.ReadyProbe, deployment: NeverFewer));
        await Complete(ns, "web", 3);
        using var stop = new CancellationTokenSource();
        var extremes = WatchExtremes(ns, "web", stop.Token);
        var before = fixture.Pods(ns, "web").Select(p => p.Uid()).ToHashSet();
        Restart(ns, "web");
        await Complete(ns, "web", 3);
        await stop.CancelAsync();
        var (fewestReady, mostAlive, _) = await extremes;
        Assert.Equal(3, fewestReady);
        Assert.Equal(4, mostAlive);
        await fixture.Eventually(() => fixture.Pods(ns, "web").All(p => !before.Contains(p.Uid())), "only new pods");
        Assert.Equal("2", Revision(ns, "web"));
        var progressing = Condition(ns, "web", "Progressing");
        Assert.Equal("NewReplicaSetAvailable", progressing.Text("reason"));
    }

    [Fact]
    public async Task A_broken_version_stops_the_rollout_and_an_undo_brings_the_old_set_back()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 2, Workloads.ReadyProbe,
            deployment: """{ "progressDeadlineSeconds": 3, "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } } }"""));
        await Complete(ns, "web", 2);
        var good = Store.Get(ResourceTypes.Deployments, ns, "web")!.At("spec.template")!;
        var goodSet = Store.List(ResourceTypes.ReplicaSets, ns).Single().Name();
        Store.Modify(ResourceTypes.Deployments, ns, "web", d =>
        {
            d.At("spec.template.spec.containers").Objects().First()["args"] = new JsonArray("crash", "1");
            return true;
        });
        await fixture.Eventually(() => Condition(ns, "web", "Progressing").Text("reason") == "ProgressDeadlineExceeded", "the deadline");
        Assert.Equal("False", Condition(ns, "web", "Progressing").Text("status"));
        Assert.Equal("True", Condition(ns, "web", "Available").Text("status"));
        Assert.Equal(2, fixture.ReadyPods(ns, "web").Count);
        Store.Modify(ResourceTypes.Deployments, ns, "web", d =>
        {
            d.SetAt("spec.template", good.DeepClone());
            return true;
        });
        await Complete(ns, "web", 2);
        Assert.Equal("3", Revision(ns, "web"));
        Assert.Equal("3", (Store.Get(ResourceTypes.ReplicaSets, ns, goodSet)!.At("metadata.annotations") as JsonObject)!.Text("deployment.kubernetes.io/revision"));
    }

    [Fact]
    public async Task Recreate_ends_every_old_pod_before_the_first_new_one()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "single", 1, Workloads.ReadyProbe, deployment: """{ "strategy": { "type": "Recreate" } }"""));
        await Complete(ns, "single", 1);
        using var stop = new CancellationTokenSource();
        var extremes = WatchExtremes(ns, "single", stop.Token);
        Restart(ns, "single");
        await Complete(ns, "single", 1);
        await stop.CancelAsync();
        Assert.Equal(1, (await extremes).MostPresent);
    }

    [Fact]
    public async Task Scaling_removes_pods_that_are_not_ready_first_and_a_deleted_deployment_takes_everything_along()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 3, Workloads.ReadyProbe));
        await Complete(ns, "web", 3);
        var sick = fixture.Pods(ns, "web")[1];
        await fixture.Http.GetStringAsync($"http://{ClusterFixture.Address(sick)}:8080/touch?/tmp/unready");
        await fixture.Eventually(() => fixture.ReadyPods(ns, "web") is { Count: 2 } ready && ready.All(p => p.Uid() != sick.Uid()), "the sick one not ready");
        Store.Modify(ResourceTypes.Deployments, ns, "web", d =>
        {
            d.SetAt("spec.replicas", 2);
            return true;
        });
        await Complete(ns, "web", 2);
        Assert.DoesNotContain(fixture.Pods(ns, "web"), p => p.Uid() == sick.Uid() && !p.IsDeleting());
        Store.Delete(ResourceTypes.Deployments, ns, "web");
        await fixture.Eventually(() => fixture.Pods(ns, "web").Count == 0 && Store.List(ResourceTypes.ReplicaSets, ns).Count == 0, "nothing left");
    }

    [Fact]
    public async Task Pods_that_violate_the_namespace_are_refused_with_the_words_of_the_real_plug_in()
    {
        var ns = await fixture.NamespaceAsync(("pod-security.kubernetes.io/enforce", "restricted"));
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 1));
        await fixture.Eventually(() => fixture.Events(ns, "FailedCreate").Any(), "a refusal");
        var message = fixture.Events(ns, "FailedCreate").First();
        Assert.Contains("""is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set """
            + """securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set """
            + """securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), """
            + """seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")""", message);
        await fixture.Eventually(() => Store.Get(ResourceTypes.Deployments, ns, "web")!.At("status.conditions").Objects()
            .Any(c => c.Text("type") == "ReplicaFailure" && c.Text("reason") == "FailedCreate"), "ReplicaFailure");

        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "strict", 1,
            """{ "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } }""",
            """{ "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } } }"""));
        await Complete(ns, "strict", 1);
    }

    [Fact]
    public async Task A_namespace_ends_with_all_that_is_in_it()
    {
        var ns = await fixture.NamespaceAsync();
        Store.Create(ResourceTypes.Deployments, Workloads.Deployment(ns, "web", 2, Workloads.ReadyProbe));
        Store.Create(ResourceTypes.Services, Workloads.Service(ns, "web", Workloads.HttpPort));
        await Complete(ns, "web", 2);
        Store.Delete(ResourceTypes.Namespaces, null, ns);
        await fixture.Eventually(() => Store.Find(ResourceTypes.Namespaces, null, ns) is null, "the namespace gone");
        Assert.Empty(Store.FindAll(o => o.Namespace == ns));
    }

    private async Task Complete(string ns, string name, int replicas) => await fixture.Eventually(() =>
    {
        var d = Store.Get(ResourceTypes.Deployments, ns, name)!;
        var status = d["status"] as JsonObject ?? [];
        return status.Integer("observedGeneration") == (d["metadata"] as JsonObject)!.Integer("generation") && status.Integer("updatedReplicas") == replicas
            && status.Integer("replicas") == replicas && status.Integer("availableReplicas") == replicas;
    }, $"{name} complete");

    private void Restart(string ns, string name) => Store.Modify(ResourceTypes.Deployments, ns, name, d =>
    {
        d.SetAt("spec.template.metadata.annotations", new JsonObject { ["kubectl.kubernetes.io/restartedAt"] = "now" });
        return true;
    });

    private string? Revision(string ns, string name) =>
        (Store.Get(ResourceTypes.Deployments, ns, name)!.At("metadata.annotations") as JsonObject)?.Text("deployment.kubernetes.io/revision");

    private JsonObject Condition(string ns, string name, string type) =>
        Store.Get(ResourceTypes.Deployments, ns, name)!.At("status.conditions").Objects().FirstOrDefault(c => c.Text("type") == type) ?? [];

    // Sees every state that the store goes through, not samples of it.
    private async Task<(int FewestReady, int MostAlive, int MostPresent)> WatchExtremes(string ns, string app, CancellationToken stop)
    {
        var pods = fixture.Pods(ns, app).ToDictionary(p => p.Uid());
        var (fewest, alive, present) = (pods.Values.Count(ClusterFixture.IsReady), pods.Values.Count(p => !p.IsDeleting()), pods.Count);
        try
        {
            await foreach (var change in Store.Watch(ResourceTypes.Pods, ns, Store.Revision, stop))
            {
                var pod = change.Object;
                if (change.Type == ClusterEventType.Deleted)
                {
                    pods.Remove(pod.Uid());
                }
                else
                {
                    pods[pod.Uid()] = pod;
                }
                fewest = Math.Min(fewest, pods.Values.Count(ClusterFixture.IsReady));
                alive = Math.Max(alive, pods.Values.Count(p => !p.IsDeleting()));
                present = Math.Max(present, pods.Count);
            }
        }
        catch (OperationCanceledException)
        {
            // Seen enough.
        }
        return (fewest, alive, present);
    }
}
