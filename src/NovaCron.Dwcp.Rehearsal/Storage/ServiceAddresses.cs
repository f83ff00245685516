using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Gives Services their cluster addresses and node ports; called under the store's lock.</summary>
internal sealed class ServiceAddresses(string prefix)
{
    private const int NodePortFirst = 30000;
    private const int NodePortLast = 32767;
    private const int Addresses = 255 * 254;

    public void Assign(JsonObject service, JsonObject? old, IReadOnlyList<StoredObject> services)
    {
        var spec = service.Child("spec");
        if (spec.Text("type") == "ExternalName")
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");
            return;
        }
        if (string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            spec["clusterIP"] = (old?["spec"] as JsonObject)?.Text("clusterIP") is { Length: > 0 } kept ? kept : Free(services);
        }
        spec["clusterIPs"] = new JsonArray(spec.Text("clusterIP"));
        if (spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            AssignNodePorts(spec, services);
        }
    }

    private string Free(IReadOnlyList<StoredObject> services)
    {
        var used = services.Select(static s => (s.Document["spec"] as JsonObject)?.Text("clusterIP")).ToHashSet();
        for (var n = 1; n <= Addresses; n++)
        {
            var candidate = $"{prefix}.{n / 254}.{(n % 254) + 1}";
            if (!used.Contains(candidate))
            {
                return candidate;
            }
        }
        throw new ApiStatusException(500, "InternalError", "Internal error occurred: failed to allocate a serviceIP: range is full");
    }

    private static void AssignNodePorts(JsonObject spec, IReadOnlyList<StoredObject> services)
    {
        var used = services.SelectMany(static s => s.Document.At("spec.ports").Objects()).Select(static p => p.Integer("nodePort") ?? 0).ToHashSet();
        var next = NodePortFirst;
        foreach (var port in spec["ports"].Objects().Where(static p => (p.Integer("nodePort") ?? 0) == 0))
        {
            while (next <= NodePortLast && !used.Add(next))
            {
                next++;
            }
            port["nodePort"] = next;
        }
    }
}
