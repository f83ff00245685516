using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Keeps as many pods as a ReplicaSet asks for.</summary>
internal sealed class ReplicaSetController(ClusterStore store, ClusterJournal journal) : Controller(store, journal)
{
    private readonly EventRecorder _events = new(store, "replicaset-controller");

    protected override void Watch()
    {
        Watch(ResourceTypes.ReplicaSets);
        Watch(ResourceTypes.Pods, change => ControllerOf(change, "ReplicaSet").Concat(
            change.Stored!.Document.ControllerReference() is null ? AllIn(change, ResourceTypes.ReplicaSets) : []));
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var set = Store.Get(ResourceTypes.ReplicaSets, key.Namespace, key.Name);
        if (set is null)
        {
            return null;
        }
        var pods = ClaimPods(set);
        JsonObject? failure = null;
        if (!set.IsDeleting())
        {
            var active = pods.Where(static p => p.IsPodActive()).ToList();
            var wanted = set.Number("spec.replicas", 1);
            if (active.Count < wanted)
            {
                failure = CreatePods(set, wanted - active.Count);
            }
            else if (active.Count > wanted)
            {
                DeletePods(set, [.. active.OrderBy(static p => p, DeletionOrder).Take(active.Count - wanted)]);
            }
        }
        return WriteStatus(key, set, failure);
    }

    // The pods that are first to go: not bound, not running, not ready, restarted most, youngest.
    private static readonly Comparer<JsonObject> DeletionOrder = Comparer<JsonObject>.Create(static (a, b) =>
    {
        static (bool Bound, bool Running, bool Ready, int Calm) Rank(JsonObject pod) => (
            !string.IsNullOrEmpty(pod.TextAt("spec.nodeName")), pod.TextAt("status.phase") == "Running", pod.IsPodReady(),
            -pod.At("status.containerStatuses").Objects().Sum(static c => c.Number("restartCount")));

        var byRank = Rank(a).CompareTo(Rank(b));
        return byRank != 0 ? byRank : string.CompareOrdinal(b.TextAt("metadata.creationTimestamp"), a.TextAt("metadata.creationTimestamp"));
    });

    // Takes over orphans that match the selector and lets go of pods that no longer do.
    private List<JsonObject> ClaimPods(JsonObject set)
    {
        var claimed = new List<JsonObject>();
        foreach (var item in Store.Snapshot(ResourceTypes.Pods, set.Namespace()).Items)
        {
            var pod = item.Document;
            var matches = LabelSelection.Matches(set.At("spec.selector"), pod);
            if (pod.IsControlledBy(set))
            {
                if (matches)
                {
                    claimed.Add(pod);
                }
                else
                {
                    Store.Modify(ResourceTypes.Pods, item.Namespace, item.Name, p => p.Metadata().Remove("ownerReferences"));
                }
            }
            else if (matches && pod.ControllerReference() is null && !pod.IsDeleting() && !set.IsDeleting() && pod.IsPodActive()
                && Store.Modify(ResourceTypes.Pods, item.Namespace, item.Name, p =>
                {
                    p.Metadata()["ownerReferences"] = new JsonArray(ObjectReading.ControllerReferenceTo(set));
                    return true;
                }) is { } adopted)
            {
                claimed.Add(adopted);
            }
        }
        return claimed;
    }

    private JsonObject? CreatePods(JsonObject set, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var template = (JsonObject)set.At("spec.template")!.DeepClone();
            var metadata = template.Metadata();
            metadata["generateName"] = set.Name() + "-";
            metadata["namespace"] = set.Namespace();
            metadata["ownerReferences"] = new JsonArray(ObjectReading.ControllerReferenceTo(set));
            template["apiVersion"] = "v1";
            template["kind"] = "Pod";
            try
            {
                PodAdmission.Admit(Store, template);
                var pod = Store.Create(ResourceTypes.Pods, template);
                _events.Normal(set, "SuccessfulCreate", $"Created pod: {pod.Name()}");
            }
            catch (ApiStatusException error)
            {
                _events.Warning(set, "FailedCreate", $"Error creating: {error.Message}");
                return new JsonObject { ["reason"] = "FailedCreate", ["message"] = error.Message };
            }
        }
        return null;
    }

    private void DeletePods(JsonObject set, List<JsonObject> pods)
    {
        foreach (var pod in pods)
        {
            Store.Delete(ResourceTypes.Pods, pod.Namespace(), pod.Name(), new DeleteRequest { Uid = pod.Uid() });
            _events.Normal(set, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
        }
    }

    private TimeSpan? WriteStatus(ObjectKey key, JsonObject set, JsonObject? failure)
    {
        var pods = Store.Snapshot(ResourceTypes.Pods, key.Namespace).Items.Select(static p => p.Document)
            .Where(p => p.IsControlledBy(set) && p.IsPodActive()).ToList();
        TimeSpan? later = failure is null ? null : TimeSpan.FromSeconds(5);
        var available = 0;
        foreach (var pod in pods)
        {
            if (pod.IsPodAvailable(set.Number("spec.minReadySeconds"), Now, out var missing))
            {
                available++;
            }
            else if (missing > TimeSpan.Zero && (later is null || missing < later))
            {
                later = missing;
            }
        }
        Store.Modify(ResourceTypes.ReplicaSets, key.Namespace, key.Name, current =>
        {
            var before = current["status"]?.DeepClone();
            var status = current.Child("status");
            status["replicas"] = pods.Count;
            status["fullyLabeledReplicas"] = pods.Count(p => LabelSelection.MatchesAll(set.At("spec.template.metadata.labels"), p));
            status["readyReplicas"] = pods.Count(static p => p.IsPodReady());
            status["availableReplicas"] = available;
            status["observedGeneration"] = set.Number("metadata.generation");
            if (failure is not null)
            {
                status.SetCondition("ReplicaFailure", true, failure.Text("reason")!, failure.Text("message")!, Now);
            }
            else
            {
                status.RemoveCondition("ReplicaFailure");
            }
            return !JsonNode.DeepEquals(before, status);
        }, status: true);
        return later;
    }
}
