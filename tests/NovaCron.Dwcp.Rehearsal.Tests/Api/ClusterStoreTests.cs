using System.Text.Json.Nodes;
using CsCheck;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

public sealed class ClusterStoreTests : IAsyncDisposable
{
    private readonly ClusterStore _store = new(new() { HistoryLimit = 200 });
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _collector;

    public ClusterStoreTests()
    {
        _store.Create(ResourceTypes.Namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "ns" } });
        _collector = Task.Run(() => new GarbageCollector(_store).RunAsync(_ending.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _collector);
        _ending.Dispose();
    }

    [Fact]
    public void An_object_gets_identity_and_the_revision_of_its_write()
    {
        var created = _store.Create(ResourceTypes.Deployments, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "d", ["namespace"] = "ns", ["uid"] = "forged", ["generation"] = 7 },
        });
        Assert.Equal(1, created.Metadata().Integer("generation"));
        Assert.NotEqual("forged", created.Uid());
        Assert.Equal(_store.Revision.ToString(), created.ResourceVersion());
        Assert.Equal(("apps/v1", "Deployment"), (created.Text("apiVersion"), created.Kind()));
    }

    [Fact]
    public void A_write_over_an_old_revision_is_a_conflict_and_changes_nothing()
    {
        var old = _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "c"));
        var first = (JsonObject)old.DeepClone();
        first["data"]!["key"] = "2";
        _store.Update(ResourceTypes.ConfigMaps, first);
        old["data"]!["key"] = "3";
        var refusal = Assert.Throws<ApiStatusException>(() => _store.Update(ResourceTypes.ConfigMaps, old));
        Assert.Equal((409, "Conflict"), (refusal.Code, refusal.Reason));
        Assert.Equal(
            "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please apply your changes to the latest version and try again",
            refusal.Message);
        Assert.Equal("2", _store.Get(ResourceTypes.ConfigMaps, "ns", "c")!.At("data.key")!.ToString());
    }

    [Fact]
    public void The_generation_counts_changes_of_the_spec_only()
    {
        var d = _store.Create(ResourceTypes.Deployments, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "d", ["namespace"] = "ns" }, ["spec"] = new JsonObject { ["replicas"] = 1 },
        });
        d.Metadata()["labels"] = new JsonObject { ["a"] = "b" };
        d = _store.Update(ResourceTypes.Deployments, d);
        Assert.Equal(1, d.Metadata().Integer("generation"));
        d["status"] = new JsonObject { ["replicas"] = 1 };
        d = _store.UpdateStatus(ResourceTypes.Deployments, d);
        Assert.Equal(1, d.Metadata().Integer("generation"));
        d.Child("spec")["replicas"] = 2;
        d["status"]!["replicas"] = 9;
        d = _store.Update(ResourceTypes.Deployments, d);
        Assert.Equal(2, d.Metadata().Integer("generation"));
        Assert.Equal(1, (d.At("status.replicas") as JsonValue).AsInteger());
    }

    [Fact]
    public void A_write_that_changes_nothing_makes_no_revision()
    {
        var c = _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "c"));
        var before = _store.Revision;
        _store.Update(ResourceTypes.ConfigMaps, c);
        Assert.Equal(before, _store.Revision);
    }

    [Fact]
    public void Copies_that_came_out_do_not_change_what_is_stored()
    {
        _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "c"));
        _store.Get(ResourceTypes.ConfigMaps, "ns", "c")!["data"]!["key"] = "changed";
        Assert.Equal("1", _store.Get(ResourceTypes.ConfigMaps, "ns", "c")!.At("data.key")!.ToString());
    }

    [Fact]
    public void A_watcher_that_replays_every_event_arrives_at_the_state_of_the_store()
    {
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int[0, 99]).Array[1, 60].Sample(steps =>
        {
            var store = new ClusterStore();
            store.Create(ResourceTypes.Namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "ns" } });
            var start = store.Revision;
            foreach (var (name, action, value) in steps)
            {
                var document = Manifests.ConfigMap("ns", "c" + name, value.ToString());
                var exists = store.Find(ResourceTypes.ConfigMaps, "ns", "c" + name) is not null;
                switch (action)
                {
                    case 0 when !exists: store.Create(ResourceTypes.ConfigMaps, document); break;
                    case 1 when exists: store.Update(ResourceTypes.ConfigMaps, document); break;
                    case 2 when exists: store.Delete(ResourceTypes.ConfigMaps, "ns", "c" + name); break;
                }
            }
            var replayed = new Dictionary<string, string>();
            foreach (var change in Collect(store, start))
            {
                if (change.Type == ClusterEventType.Deleted)
                {
                    Assert.True(replayed.Remove(change.Stored!.Name));
                }
                else
                {
                    Assert.Equal(change.Type == ClusterEventType.Modified, replayed.ContainsKey(change.Stored!.Name));
                    replayed[change.Stored.Name] = change.Stored.Document.ResourceVersion();
                }
            }
            return replayed.OrderBy(static p => p.Key).SequenceEqual(
                store.List(ResourceTypes.ConfigMaps).ToDictionary(static c => c.Name(), static c => c.ResourceVersion()).OrderBy(static p => p.Key));
        }, iter: 200);

        static List<ClusterEvent> Collect(ClusterStore store, long start)
        {
            using var limit = new CancellationTokenSource();
            var (events, end) = (new List<ClusterEvent>(), store.Revision);
            if (end == start)
            {
                return events;
            }
            Task.Run(async () =>
            {
                await foreach (var change in store.Watch(ResourceTypes.ConfigMaps, "ns", start, limit.Token))
                {
                    events.Add(change);
                    if (change.Revision == end)
                    {
                        return;
                    }
                }
            }).GetAwaiter().GetResult();
            return events;
        }
    }

    [Fact]
    public async Task A_watch_from_before_the_history_ends_with_gone()
    {
        for (var i = 0; i < 1200; i++)
        {
            _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "c" + i));
        }
        var gone = await Assert.ThrowsAsync<ApiStatusException>(async () =>
        {
            await foreach (var _ in _store.Watch(ResourceTypes.ConfigMaps, "ns", 1, TestContext.Current.CancellationToken))
            {
            }
        });
        Assert.Equal((410, "Expired"), (gone.Code, gone.Reason));
    }

    [Fact]
    public void A_pod_on_a_node_is_marked_first_and_goes_when_the_kubelet_confirms()
    {
        var pod = Manifests.Pod("ns", "p");
        pod["spec"]!["nodeName"] = "n";
        _store.Create(ResourceTypes.Pods, pod);
        var marked = _store.Delete(ResourceTypes.Pods, "ns", "p", new() { GracePeriodSeconds = 7 });
        Assert.Equal(7, marked.Metadata().Integer("deletionGracePeriodSeconds"));
        Assert.True(_store.Get(ResourceTypes.Pods, "ns", "p")!.IsDeleting());
        _store.Delete(ResourceTypes.Pods, "ns", "p", new() { GracePeriodSeconds = 0 });
        Assert.Null(_store.Get(ResourceTypes.Pods, "ns", "p"));
    }

    [Fact]
    public void An_object_with_finalizers_goes_with_the_last_of_them()
    {
        var document = Manifests.ConfigMap("ns", "c");
        document["metadata"]!["finalizers"] = new JsonArray("a.io/x");
        _store.Create(ResourceTypes.ConfigMaps, document);
        _store.Delete(ResourceTypes.ConfigMaps, "ns", "c");
        Assert.True(_store.Get(ResourceTypes.ConfigMaps, "ns", "c")!.IsDeleting());
        _store.Modify(ResourceTypes.ConfigMaps, "ns", "c", static d => d.Metadata().Remove("finalizers"));
        Assert.Null(_store.Get(ResourceTypes.ConfigMaps, "ns", "c"));
    }

    [Theory]
    [InlineData(DeletionPropagation.Background)]
    [InlineData(DeletionPropagation.Foreground)]
    public async Task Dependents_follow_their_owner(DeletionPropagation propagation)
    {
        var owner = _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "owner"));
        var child = _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "child").OwnedBy(owner, blocks: true));
        _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "grandchild").OwnedBy(child, blocks: true));
        _store.Delete(ResourceTypes.ConfigMaps, "ns", "owner", new() { Propagation = propagation });
        await UntilAsync(() => _store.List(ResourceTypes.ConfigMaps, "ns").Count == 0);
    }

    [Fact]
    public async Task Orphans_stay_without_a_reference_to_their_owner()
    {
        var owner = _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "owner"));
        _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "child").OwnedBy(owner));
        _store.Delete(ResourceTypes.ConfigMaps, "ns", "owner", new() { Propagation = DeletionPropagation.Orphan });
        await UntilAsync(() => _store.Get(ResourceTypes.ConfigMaps, "ns", "owner") is null);
        Assert.Null(_store.Get(ResourceTypes.ConfigMaps, "ns", "child")!.At("metadata.ownerReferences"));
    }

    [Fact]
    public async Task A_namespace_goes_after_everything_in_it()
    {
        _store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap("ns", "c"));
        var deleted = _store.Delete(ResourceTypes.Namespaces, null, "ns");
        Assert.Equal("Terminating", deleted.At("status.phase")!.ToString());
        await UntilAsync(() => _store.Get(ResourceTypes.Namespaces, null, "ns") is null);
        Assert.Empty(_store.List(ResourceTypes.ConfigMaps, "ns"));
    }

    [Fact]
    public void Services_get_addresses_of_their_own_and_keep_them()
    {
        JsonObject Service(string name) => new()
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "ns" },
            ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) },
        };
        var (a, b) = (_store.Create(ResourceTypes.Services, Service("a")), _store.Create(ResourceTypes.Services, Service("b")));
        Assert.NotEqual(a.At("spec.clusterIP")!.ToString(), b.At("spec.clusterIP")!.ToString());
        var kept = _store.Update(ResourceTypes.Services, Service("a"));
        Assert.Equal(a.At("spec.clusterIP")!.ToString(), kept.At("spec.clusterIP")!.ToString());
    }

    private async Task UntilAsync(Func<bool> reached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var revision = _store.Revision;
            if (reached())
            {
                return;
            }
            await _store.WaitForChangeAsync(revision, limit.Token);
        }
    }
}
