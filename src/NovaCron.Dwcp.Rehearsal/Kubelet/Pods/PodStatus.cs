using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>A pod's status from the states of its containers: phase and conditions as a kubelet derives them.</summary>
internal static class PodStatus
{
    /// <summary>The new status.</summary>
    /// <param name="pod">The pod as stored; transition times of unchanged conditions are kept.</param>
    /// <param name="init">Init containers, in order.</param>
    /// <param name="main">The other containers.</param>
    /// <param name="podAddress">The pod's address.</param>
    /// <param name="hostAddress">The node's address.</param>
    /// <param name="started">When the kubelet took the pod on.</param>
    /// <param name="now">The present.</param>
    public static JsonObject Compute(
        JsonObject pod, IReadOnlyList<ContainerState> init, IReadOnlyList<ContainerState> main, string podAddress, string hostAddress,
        DateTimeOffset started, DateTimeOffset now)
    {
        var policy = (pod["spec"] as JsonObject)?.Text("restartPolicy") ?? "Always";
        var phase = Phase(policy, init, main);
        var incomplete = init.Where(static c => c.ExitCode != 0).Select(static c => c.Name).ToList();
        var unready = main.Where(static c => !c.Ready).Select(static c => c.Name).ToList();
        var ended = phase is "Succeeded";
        var notReady = ended ? ("PodCompleted", null)
            : ("ContainersNotReady", (string?)$"containers with unready status: [{string.Join(' ', unready)}]");
        var conditions = new JsonArray();
        Add("PodReadyToStartContainers", true, default);
        Add("Initialized", incomplete.Count == 0,
            ("ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]"));
        Add("Ready", unready.Count == 0 && incomplete.Count == 0, notReady);
        Add("ContainersReady", unready.Count == 0 && incomplete.Count == 0, notReady);
        if (Existing(pod, "PodScheduled") is { } scheduled)
        {
            conditions.Add(scheduled.DeepClone());
        }

        var status = new JsonObject
        {
            ["phase"] = phase,
            ["conditions"] = conditions,
            ["hostIP"] = hostAddress,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = hostAddress }),
            ["podIP"] = podAddress,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = podAddress }),
            ["startTime"] = JsonDocuments.Timestamp(started),
            ["containerStatuses"] = new JsonArray([.. main.Select(static c => c.ToStatus())]),
            ["qosClass"] = QualityOfService(pod),
        };
        if (init.Count > 0)
        {
            status["initContainerStatuses"] = new JsonArray([.. init.Select(static c => c.ToStatus())]);
        }
        return status;

        void Add(string type, bool holds, (string Reason, string? Message) otherwise)
        {
            var state = holds ? "True" : "False";
            var existing = Existing(pod, type);
            var condition = new JsonObject
            {
                ["type"] = type,
                ["status"] = state,
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = existing?.Text("status") == state ? existing.Text("lastTransitionTime") : JsonDocuments.Timestamp(now),
            };
            if (!holds)
            {
                condition["reason"] = otherwise.Reason;
                if (otherwise.Message is not null)
                {
                    condition["message"] = otherwise.Message;
                }
            }
            conditions.Add(condition);
        }
    }

    private static JsonObject? Existing(JsonObject pod, string type) =>
        pod.At("status.conditions").Objects().FirstOrDefault(c => c.Text("type") == type);

    private static string Phase(string policy, IReadOnlyList<ContainerState> init, IReadOnlyList<ContainerState> main)
    {
        if (init.Any(static c => c.ExitCode != 0))
        {
            return policy == "Never" && init.Any(static c => c.ExitCode is not (null or 0)) ? "Failed" : "Pending";
        }
        if (main.Any(static c => !c.HasRun))
        {
            return "Pending";
        }
        if (policy == "Always" || main.Any(static c => c.ExitCode is null))
        {
            return "Running";
        }
        return main.All(static c => c.ExitCode == 0) ? "Succeeded" : policy == "Never" ? "Failed" : "Running";
    }

    private static string QualityOfService(JsonObject pod)
    {
        var containers = pod.At("spec.containers").Objects().Concat(pod.At("spec.initContainers").Objects()).ToList();
        var isGuaranteed = containers.All(static c => ((string[])["cpu", "memory"]).All(resource =>
            Amount(c, "limits", resource) is { } limit && (Amount(c, "requests", resource) ?? limit) == limit));
        var asksNothing = containers.All(static c => c.At("resources.requests") is not JsonObject { Count: > 0 }
            && c.At("resources.limits") is not JsonObject { Count: > 0 });
        return asksNothing ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable";

        static string? Amount(JsonObject container, string kind, string resource) => (container.At("resources." + kind) as JsonObject)?[resource]?.ToString();
    }
}
