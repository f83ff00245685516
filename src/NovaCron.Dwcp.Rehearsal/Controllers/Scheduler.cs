using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Binds pods to the node, if it has what they ask for. What pods request is counted, not enforced: they are processes of one machine.</summary>
internal sealed class Scheduler(ClusterStore store, ClusterJournal journal) : Controller(store, journal)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly EventRecorder _events = new(store, "default-scheduler");

    protected override void Watch()
    {
        Watch(ResourceTypes.Pods);
        Watch(ResourceTypes.Nodes, _ => Store.Snapshot(ResourceTypes.Pods).Items.Where(static p => p.Document.TextAt("spec.nodeName") is null)
            .Select(static p => new ObjectKey(p.Namespace, p.Name)));
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var pod = Store.Get(ResourceTypes.Pods, key.Namespace, key.Name);
        if (pod is null || pod.IsDeleting() || !string.IsNullOrEmpty(pod.TextAt("spec.nodeName")))
        {
            return null;
        }
        var nodes = Store.List(ResourceTypes.Nodes);
        var refusals = nodes.Select(node => (Node: node, Why: Refusal(pod, node))).ToList();
        if (refusals.FirstOrDefault(static r => r.Why is null).Node is { } chosen)
        {
            Bind(pod, chosen.Name());
            return null;
        }
        var why = $"0/{nodes.Count} nodes are available: " + (nodes.Count == 0 ? "no nodes available to schedule pods."
            : string.Join(", ", refusals.GroupBy(static r => r.Why!).Select(static g => $"{g.Count()} {g.Key}")) + ".");
        Store.Modify(ResourceTypes.Pods, key.Namespace, key.Name, current =>
        {
            if (current.Condition("PodScheduled")?.Text("message") == why)
            {
                return false;
            }
            current.Child("status")["phase"] = "Pending";
            current.Child("status").SetCondition("PodScheduled", false, "Unschedulable", why, Now);
            return true;
        }, status: true);
        _events.Warning(pod, "FailedScheduling", why);
        return Retry;
    }

    private void Bind(JsonObject pod, string node)
    {
        pod.Child("spec")["nodeName"] = node;
        Store.Update(ResourceTypes.Pods, pod);
        Store.Modify(ResourceTypes.Pods, pod.Namespace(), pod.Name(), current =>
        {
            if (current.HasCondition("PodScheduled"))
            {
                return false;
            }
            var status = current.Child("status");
            status["phase"] ??= "Pending";
            status.SetCondition("PodScheduled", true, "", "", Now);
            var condition = current.Condition("PodScheduled")!;
            condition.Remove("reason");
            condition.Remove("message");
            condition["lastProbeTime"] = null;
            return true;
        }, status: true);
        _events.Normal(pod, "Scheduled", $"Successfully assigned {pod.Namespace()}/{pod.Name()} to {node}");
    }

    private string? Refusal(JsonObject pod, JsonObject node)
    {
        if (node.At("spec.unschedulable") is JsonValue cordoned && cordoned.TryGetValue<bool>(out var isCordoned) && isCordoned)
        {
            return "node(s) were unschedulable";
        }
        if (!LabelSelection.MatchesAll(pod.At("spec.nodeSelector"), node))
        {
            return "node(s) didn't match Pod's node affinity/selector";
        }
        foreach (var resource in (string[])["cpu", "memory"])
        {
            var used = Store.Snapshot(ResourceTypes.Pods).Items.Select(static p => p.Document)
                .Where(p => p.TextAt("spec.nodeName") == node.Name() && p.TextAt("status.phase") is not ("Succeeded" or "Failed"))
                .Sum(p => Requested(p, resource));
            if (used + Requested(pod, resource) > Quantity.Parse(node.At("status.allocatable." + resource)?.ToString() ?? "0"))
            {
                return $"Insufficient {resource}";
            }
        }
        return null;
    }

    private static decimal Requested(JsonObject pod, string resource) => pod.At("spec.containers").Objects()
        .Sum(c => Quantity.Parse((c.At("resources.requests") as JsonObject)?[resource]?.ToString()
            ?? (c.At("resources.limits") as JsonObject)?[resource]?.ToString() ?? "0"));
}
