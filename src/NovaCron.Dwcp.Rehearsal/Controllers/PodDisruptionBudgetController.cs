using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Keeps the status of PodDisruptionBudgets: how many of their pods may be evicted now.</summary>
internal sealed class PodDisruptionBudgetController(ClusterStore store, ClusterJournal journal) : Controller(store, journal)
{
    protected override void Watch()
    {
        Watch(ResourceTypes.PodDisruptionBudgets);
        Watch(ResourceTypes.Pods, change => AllIn(change, ResourceTypes.PodDisruptionBudgets));
        Watch(ResourceTypes.ReplicaSets, change => AllIn(change, ResourceTypes.PodDisruptionBudgets));
        Watch(ResourceTypes.Deployments, change => AllIn(change, ResourceTypes.PodDisruptionBudgets));
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        Store.Modify(ResourceTypes.PodDisruptionBudgets, key.Namespace, key.Name, budget =>
        {
            var before = budget["status"]?.DeepClone();
            var status = budget.Child("status");
            var pods = Store.Snapshot(ResourceTypes.Pods, key.Namespace).Items.Select(static p => p.Document)
                .Where(pod => LabelSelection.Matches(budget.At("spec.selector"), pod) && pod.IsPodActive()).ToList();
            var (expected, desired) = Wanted(budget, pods);
            var healthy = pods.Count(static pod => pod.IsPodReady());
            status["currentHealthy"] = healthy;
            status["desiredHealthy"] = desired;
            status["expectedPods"] = expected;
            status["disruptionsAllowed"] = Math.Max(0, healthy - desired);
            status["observedGeneration"] = budget.Number("metadata.generation");
            var allowed = status.Number("disruptionsAllowed") > 0;
            status.SetCondition("DisruptionAllowed", allowed, allowed ? "SufficientPods" : "InsufficientPods", "", Now);
            return !JsonNode.DeepEquals(before, status);
        }, status: true);
        return null;
    }

    // A percentage, and maxUnavailable, are of the size that the pods' controllers ask for, not of the pods that happen to be there.
    private (int Expected, int Desired) Wanted(JsonObject budget, List<JsonObject> pods)
    {
        var spec = budget.Child("spec");
        if (spec["minAvailable"] is JsonValue count && count.AsInteger() is { } fixedCount)
        {
            return (pods.Count, (int)fixedCount);
        }
        var scales = pods.Select(ScaleOf).Distinct().ToList();
        var expected = scales.Sum(static s => s.Replicas);
        return spec["minAvailable"] is { } percent
            ? (expected, ObjectReading.CountOrPercent(percent, expected, roundUp: true, expected))
            : (expected, Math.Max(0, expected - ObjectReading.CountOrPercent(spec["maxUnavailable"], expected, roundUp: true, 0)));
    }

    private (string Uid, int Replicas) ScaleOf(JsonObject pod)
    {
        var owner = pod.ControllerReference();
        if (owner?.Text("kind") != "ReplicaSet" || Store.Find(ResourceTypes.ReplicaSets, pod.Namespace(), owner.Text("name") ?? "")?.Document is not { } set)
        {
            return (pod.Uid(), 1);
        }
        var parent = set.ControllerReference();
        return parent?.Text("kind") == "Deployment" && Store.Find(ResourceTypes.Deployments, pod.Namespace(), parent.Text("name") ?? "")?.Document is { } deployment
            ? (deployment.Uid(), deployment.Number("spec.replicas", 1)) : (set.Uid(), set.Number("spec.replicas", 1));
    }
}
