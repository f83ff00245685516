using System.Net;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet;

/// <summary>The Node object.</summary>
internal static class NodeRegistration
{
    // Nominal: what pods request is counted against it, but their processes share the machine as it is.
    private const string Cpu = "32";
    private const string Memory = "64Gi";
    private const string Pods = "250";

    public static void Register(ClusterStore store, string name, IPAddress address)
    {
        var capacity = new JsonObject { ["cpu"] = Cpu, ["memory"] = Memory, ["pods"] = Pods, ["ephemeral-storage"] = "64Gi" };
        var node = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject
                {
                    ["kubernetes.io/hostname"] = name,
                    ["kubernetes.io/os"] = "linux",
                    ["kubernetes.io/arch"] = Architecture,
                    ["topology.kubernetes.io/zone"] = "rehearsal-a",
                },
            },
            ["spec"] = new JsonObject(),
        };
        var status = new JsonObject
        {
            ["capacity"] = capacity,
            ["allocatable"] = capacity.DeepClone(),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = address.ToString() }, new JsonObject { ["type"] = "Hostname", ["address"] = name }),
            ["nodeInfo"] = new JsonObject
            {
                ["machineID"] = "", ["systemUUID"] = "", ["bootID"] = "",
                ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
                ["osImage"] = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
                ["containerRuntimeVersion"] = "process://1.0",
                ["kubeletVersion"] = "v1.36.0+rehearsal",
                ["kubeProxyVersion"] = "",
                ["operatingSystem"] = "linux",
                ["architecture"] = Architecture,
            },
        };
        foreach (var (type, reason, message) in new[]
        {
            ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        })
        {
            status.SetCondition(type, false, reason, message, store.Clock.GetUtcNow());
        }
        status.SetCondition("Ready", true, "KubeletReady", "kubelet is posting ready status", store.Clock.GetUtcNow());
        store.Create(ResourceTypes.Nodes, node);
        store.Modify(ResourceTypes.Nodes, null, name, stored =>
        {
            stored["status"] = status.DeepClone();
            return true;
        }, status: true);
    }

    private static string Architecture => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        _ => "amd64",
    };
}
