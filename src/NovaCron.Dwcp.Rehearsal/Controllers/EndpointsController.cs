using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Writes which pods stand behind a Service: one Endpoints object and EndpointSlices, which know pods that terminate as well.</summary>
internal sealed class EndpointsController(ClusterStore store, ClusterJournal journal) : Controller(store, journal)
{
    private const string ServiceLabel = "kubernetes.io/service-name";

    protected override void Watch()
    {
        Watch(ResourceTypes.Services);
        Watch(ResourceTypes.Pods, change => AllIn(change, ResourceTypes.Services).Where(key =>
            Store.Find(ResourceTypes.Services, key.Namespace, key.Name) is { } service
            && new[] { change.Stored?.Document, change.Previous?.Document }.OfType<JsonObject>().Any(pod => Selects(service.Document, pod))));
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var service = Store.Get(ResourceTypes.Services, key.Namespace, key.Name);
        if (service is null || service.IsDeleting())
        {
            Remove(key);
            return null;
        }
        if (service.At("spec.selector") is not JsonObject { Count: > 0 })
        {
            return null;
        }
        var groups = Store.List(ResourceTypes.Pods, key.Namespace)
            .Where(pod => Selects(service, pod) && pod.TextAt("status.podIP") is { Length: > 0 } && pod.TextAt("status.phase") is not ("Succeeded" or "Failed"))
            .OrderBy(static pod => pod.Name(), StringComparer.Ordinal)
            .GroupBy(pod => PortsFor(service, pod).ToJsonString())
            .Select(static group => (Ports: (JsonArray)JsonNode.Parse(group.Key)!, Pods: group.ToList())).ToList();
        WriteEndpoints(service, groups);
        WriteSlices(service, groups);
        return null;
    }

    private static bool Selects(JsonObject service, JsonObject pod) =>
        service.At("spec.selector") is JsonObject { Count: > 0 } selector && LabelSelection.MatchesAll(selector, pod);

    private static bool IgnoresReadiness(JsonObject service) => (service["spec"] as JsonObject)?.Boolean("publishNotReadyAddresses") == true;

    private static JsonArray PortsFor(JsonObject service, JsonObject pod)
    {
        var ports = new JsonArray();
        foreach (var port in service.At("spec.ports").Objects())
        {
            var protocol = port.Text("protocol") ?? "TCP";
            if (TargetPort(port, protocol, pod) is { } number)
            {
                ports.Add(new JsonObject { ["name"] = port.Text("name") ?? "", ["port"] = number, ["protocol"] = protocol });
            }
        }
        return ports;
    }

    private static long? TargetPort(JsonObject port, string protocol, JsonObject pod)
    {
        var target = port["targetPort"] as JsonValue;
        if (target is null)
        {
            return port.Integer("port");
        }
        return target.AsInteger() ?? pod.At("spec.containers").Objects().SelectMany(static c => c["ports"].Objects())
            .FirstOrDefault(p => p.Text("name") == target.ToString() && (p.Text("protocol") ?? "TCP") == protocol)?.Integer("containerPort");
    }

    private static JsonObject TargetReference(JsonObject pod) => new()
    {
        ["kind"] = "Pod", ["namespace"] = pod.Namespace(), ["name"] = pod.Name(), ["uid"] = pod.Uid(),
    };

    private void Remove(ObjectKey key)
    {
        if (Store.Find(ResourceTypes.Endpoints, key.Namespace, key.Name) is not null)
        {
            Store.Delete(ResourceTypes.Endpoints, key.Namespace, key.Name);
        }
        foreach (var slice in Slices(key.Namespace, key.Name))
        {
            Store.Delete(ResourceTypes.EndpointSlices, slice.Namespace(), slice.Name());
        }
    }

    private List<JsonObject> Slices(string ns, string service) =>
        [.. Store.List(ResourceTypes.EndpointSlices, ns).Where(slice => slice.Label(ServiceLabel) == service)];

    private void WriteEndpoints(JsonObject service, List<(JsonArray Ports, List<JsonObject> Pods)> groups)
    {
        var subsets = new JsonArray();
        foreach (var (ports, pods) in groups)
        {
            var subset = new JsonObject();
            foreach (var (field, members) in new[]
            {
                ("addresses", pods.Where(p => !p.IsDeleting() && (p.IsPodReady() || IgnoresReadiness(service)))),
                ("notReadyAddresses", pods.Where(p => !p.IsDeleting() && !p.IsPodReady() && !IgnoresReadiness(service))),
            })
            {
                var addresses = new JsonArray([.. members.Select(static pod => new JsonObject
                {
                    ["ip"] = pod.TextAt("status.podIP"), ["nodeName"] = pod.TextAt("spec.nodeName"), ["targetRef"] = TargetReference(pod),
                })]);
                if (addresses.Count > 0)
                {
                    subset[field] = addresses;
                }
            }
            if (subset.Count > 0)
            {
                subset["ports"] = ports.DeepClone();
                subsets.Add(subset);
            }
        }
        var document = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = new JsonObject
            {
                ["name"] = service.Name(),
                ["namespace"] = service.Namespace(),
                ["labels"] = service.At("metadata.labels")?.DeepClone() ?? new JsonObject(),
            },
            ["subsets"] = subsets,
        };
        if (Store.Find(ResourceTypes.Endpoints, service.Namespace(), service.Name()) is null)
        {
            Store.Create(ResourceTypes.Endpoints, document);
            return;
        }
        Store.Modify(ResourceTypes.Endpoints, service.Namespace(), service.Name(), current =>
        {
            if (JsonNode.DeepEquals(current["subsets"] ?? new JsonArray(), subsets))
            {
                return false;
            }
            current["subsets"] = subsets.DeepClone();
            return true;
        });
    }

    private void WriteSlices(JsonObject service, List<(JsonArray Ports, List<JsonObject> Pods)> groups)
    {
        var existing = Slices(service.Namespace(), service.Name());
        if (groups.Count == 0)
        {
            groups = [([], [])];
        }
        foreach (var (ports, pods) in groups)
        {
            var endpoints = new JsonArray([.. pods.Select(pod => Endpoint(service, pod))]);
            // A slice has one set of ports: it is kept as long as they are the same.
            var slice = existing.FirstOrDefault(s => JsonNode.DeepEquals(s["ports"] ?? new JsonArray(), ports)) ?? (groups.Count == 1 ? existing.FirstOrDefault() : null);
            if (slice is null)
            {
                Store.Create(ResourceTypes.EndpointSlices, new JsonObject
                {
                    ["apiVersion"] = "discovery.k8s.io/v1",
                    ["kind"] = "EndpointSlice",
                    ["metadata"] = new JsonObject
                    {
                        ["generateName"] = service.Name() + "-",
                        ["namespace"] = service.Namespace(),
                        ["labels"] = new JsonObject
                        {
                            [ServiceLabel] = service.Name(), ["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io",
                        },
                        ["ownerReferences"] = new JsonArray(ObjectReading.ControllerReferenceTo(service)),
                    },
                    ["addressType"] = "IPv4",
                    ["endpoints"] = endpoints,
                    ["ports"] = ports.DeepClone(),
                });
                continue;
            }
            existing.Remove(slice);
            Store.Modify(ResourceTypes.EndpointSlices, slice.Namespace(), slice.Name(), current =>
            {
                if (JsonNode.DeepEquals(current["endpoints"] ?? new JsonArray(), endpoints) && JsonNode.DeepEquals(current["ports"] ?? new JsonArray(), ports))
                {
                    return false;
                }
                current["endpoints"] = endpoints.DeepClone();
                current["ports"] = ports.DeepClone();
                return true;
            });
        }
        foreach (var unused in existing)
        {
            Store.Delete(ResourceTypes.EndpointSlices, unused.Namespace(), unused.Name());
        }
    }

    private static JsonObject Endpoint(JsonObject service, JsonObject pod) => new()
    {
        ["addresses"] = new JsonArray(pod.TextAt("status.podIP")),
        ["conditions"] = new JsonObject
        {
            ["ready"] = (pod.IsPodReady() && !pod.IsDeleting()) || IgnoresReadiness(service),
            ["serving"] = pod.IsPodReady(),
            ["terminating"] = pod.IsDeleting(),
        },
        ["nodeName"] = pod.TextAt("spec.nodeName"),
        ["targetRef"] = TargetReference(pod),
    };
}
