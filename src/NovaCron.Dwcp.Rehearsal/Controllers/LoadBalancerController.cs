using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Gives Services of type LoadBalancer their address: the cluster's own, which this machine reaches anyway.</summary>
internal sealed class LoadBalancerController(ClusterStore store, ClusterJournal journal) : Controller(store, journal)
{
    protected override void Watch() => Watch(ResourceTypes.Services);

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        Store.Modify(ResourceTypes.Services, key.Namespace, key.Name, static service =>
        {
            var balancer = service.TextAt("spec.type") == "LoadBalancer"
                ? new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = service.TextAt("spec.clusterIP"), ["ipMode"] = "VIP" }) }
                : new JsonObject();
            if (JsonNode.DeepEquals(service.At("status.loadBalancer") ?? new JsonObject(), balancer))
            {
                return false;
            }
            service.Child("status")["loadBalancer"] = balancer;
            return true;
        }, status: true);
        return null;
    }
}
