using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>
/// Pods as Prometheus' HTTP discovery wants them, with the labels of its Kubernetes discovery (role pod): Debian's Prometheus is built without the latter.
/// Who asks needs the same permission, to list the pods of each namespace; one that may not be listed is left out, as there.
/// </summary>
internal static class PodDiscovery
{
    public const string Path = "/rehearsal/prometheus/pods";

    public static JsonArray Find(ClusterStore store, Authorizer authorizer, ApiUser user, IEnumerable<string> namespaces)
    {
        var groups = new JsonArray();
        foreach (var space in namespaces.Where(n => authorizer.Allows(user, new AccessRequest("list", "", "pods", "", n, "")) is not null))
        {
            foreach (var pod in store.List(ResourceTypes.Pods).Where(p => p.Namespace() == space))
            {
                if (pod.At("status.podIP")?.ToString() is not { Length: > 0 } address)
                {
                    continue;
                }
                foreach (var container in (pod.At("spec.containers") as JsonArray ?? []).OfType<JsonObject>())
                {
                    foreach (var port in (container["ports"] as JsonArray ?? []).OfType<JsonObject>())
                    {
                        groups.Add(Group(pod, address, container, port));
                    }
                }
            }
        }
        return groups;
    }

    private static JsonObject Group(JsonObject pod, string address, JsonObject container, JsonObject port)
    {
        var number = port["containerPort"]!.ToString();
        var labels = new JsonObject
        {
            ["__meta_kubernetes_namespace"] = pod.Namespace(),
            ["__meta_kubernetes_pod_name"] = pod.Name(),
            ["__meta_kubernetes_pod_ip"] = address,
            ["__meta_kubernetes_pod_phase"] = pod.At("status.phase")?.ToString() ?? "",
            ["__meta_kubernetes_pod_container_name"] = container["name"]!.ToString(),
            ["__meta_kubernetes_pod_container_port_name"] = port["name"]?.ToString() ?? "",
            ["__meta_kubernetes_pod_container_port_number"] = number,
        };
        foreach (var (name, value) in pod.At("metadata.labels") as JsonObject ?? [])
        {
            labels["__meta_kubernetes_pod_label_" + new string([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_')])] = value!.ToString();
        }
        return new JsonObject { ["targets"] = new JsonArray($"{address}:{number}"), ["labels"] = labels };
    }
}
