using System.Net;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Network;

/// <summary>Writes the router's address into the status of every Ingress.</summary>
internal sealed class IngressController(ClusterStore store, ClusterJournal journal, IPEndPoint router) : Controller(store, journal)
{
    protected override void Watch() => Watch(ResourceTypes.Ingresses);

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var balancer = new JsonObject
        {
            ["ingress"] = new JsonArray(new JsonObject
            {
                ["ip"] = router.Address.ToString(),
                ["ports"] = new JsonArray(new JsonObject { ["port"] = router.Port, ["protocol"] = "TCP" }),
            }),
        };
        Store.Modify(ResourceTypes.Ingresses, key.Namespace, key.Name, ingress =>
        {
            if (JsonNode.DeepEquals(ingress.At("status.loadBalancer"), balancer))
            {
                return false;
            }
            ingress.Child("status")["loadBalancer"] = balancer.DeepClone();
            return true;
        }, status: true);
        return null;
    }
}
