using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// What a deployment must know of a cluster before it renders anything, because it differs from cluster to cluster: where the API server's proxy
/// comes from, on which ports API server and DNS listen behind their Services, and what the storage class can do. What may not be read is left out
/// and told in <see cref="Notes"/>.
/// </summary>
internal sealed record ClusterSurvey
{
    private const string DefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";

    /// <summary>
    /// Provisioners whose file systems one machine mounts at a time. Sources: their own documentation of supported access modes. One that is not listed
    /// is taken at its word.
    /// </summary>
    private static readonly HashSet<string> SingleMachineProvisioners = new(StringComparer.Ordinal)
    {
        "rancher.io/local-path", "local.csi.openebs.io", "openebs.io/local", "topolvm.io", "zfs.csi.openebs.io",
        "ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs", "pd.csi.storage.gke.io", "kubernetes.io/gce-pd",
        "disk.csi.azure.com", "kubernetes.io/azure-disk", "csi.hetzner.cloud", "dobs.csi.digitalocean.com", "cinder.csi.openstack.org",
    };

    /// <summary>Networks from which the API server's proxy reaches pods.</summary>
    public IReadOnlyList<string> ControlPlaneCidrs { get; init; } = [];

    /// <summary>Ports where API server and DNS listen themselves: NetworkPolicies see a packet after its Service address was translated.</summary>
    public IReadOnlyList<ServicePort> SystemPorts { get; init; } = [];

    /// <summary>ReadWriteMany, or ReadWriteOnce where that is all there is and one machine makes it enough.</summary>
    public string AccessMode { get; init; } = "ReadWriteMany";

    /// <summary>Whether pods have IPv6 addresses; null where that may not be read.</summary>
    public bool? HasIPv6 { get; init; }

    /// <summary>What an operator should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <exception cref="DwcpStagingException">The storage class cannot hold a store that several machines share.</exception>
    public static async Task<ClusterSurvey> TakeAsync(ClusterConnection connection, string @namespace, StagingValues values, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        var nodes = await ReadAsync(connection, ClusterResource.Node, null, null, cancellationToken).ConfigureAwait(false);
        var apiServer = await ReadAsync(connection, ClusterResource.EndpointSlice, "default", "kubernetes.io/service-name=kubernetes", cancellationToken).ConfigureAwait(false);
        var dns = await ReadAsync(connection, ClusterResource.EndpointSlice, "kube-system", "kubernetes.io/service-name=kube-dns", cancellationToken).ConfigureAwait(false);
        var addresses = (apiServer ?? []).SelectMany(Addresses).Concat((nodes ?? []).Where(IsControlPlane).SelectMany(ProxySources))
            .Distinct().Order(StringComparer.Ordinal).ToList();
        if (addresses.Count == 0 && values.Network.ControlPlaneCidrs.Count == 0)
            notes.Add("the API server's addresses are unknown: where NetworkPolicies are enforced, pods are reached by port-forward (or set network.controlPlaneCidrs)");
        var ports = new[] { new ServicePort(443, "TCP"), new ServicePort(6443, "TCP"), new ServicePort(53, "UDP"), new ServicePort(53, "TCP") }
            .Concat((apiServer ?? []).SelectMany(Ports)).Concat((dns ?? []).SelectMany(Ports).Where(p => p.Port is 53 or > 1024 and not 9153 and not 8080 and not 8181))
            .Distinct().OrderBy(p => p.Port).ThenBy(p => p.Protocol, StringComparer.Ordinal).ToList();
        return new ClusterSurvey
        {
            ControlPlaneCidrs = addresses,
            SystemPorts = ports,
            HasIPv6 = nodes?.Any(HasIPv6Pods),
            AccessMode = await ChooseAccessModeAsync(connection, @namespace, values.Storage, nodes, notes, cancellationToken).ConfigureAwait(false),
            Notes = notes,
        };
    }

    private static async Task<string> ChooseAccessModeAsync(
        ClusterConnection connection, string @namespace, StorageValues storage, IReadOnlyList<JsonObject>? nodes, List<string> notes, CancellationToken cancellationToken)
    {
        const string Shared = "ReadWriteMany";
        const string Single = "ReadWriteOnce";
        if (storage.AccessMode != StorageValues.AutomaticAccessMode || storage.Ephemeral)
            return storage.AccessMode == StorageValues.AutomaticAccessMode ? Shared : storage.AccessMode;
        // A claim's access mode cannot be changed: what is there stays.
        var claim = await connection.FindAsync(ClusterResource.PersistentVolumeClaim, @namespace, "dwcp-v3-store", cancellationToken).ConfigureAwait(false);
        if (claim?["spec"]?["accessModes"]?[0]?.ToString() is { } live)
            return live;
        if (!string.IsNullOrEmpty(storage.EfsFileSystem))
            return Shared;
        var classes = await ReadAsync(connection, ClusterResource.StorageClass, null, null, cancellationToken).ConfigureAwait(false);
        if (classes is null)
            return Shared;
        var chosen = string.IsNullOrEmpty(storage.ClassName)
            ? classes.FirstOrDefault(c => c["metadata"]?["annotations"]?[DefaultClassAnnotation]?.ToString() == "true")
            : classes.FirstOrDefault(c => c["metadata"]?["name"]?.ToString() == storage.ClassName);
        if (chosen is null && !string.IsNullOrEmpty(storage.ClassName))
        {
            throw new DwcpStagingException(StagingStage.Infrastructure, $"StorageClass {storage.ClassName}", "does not exist",
                $"Name one that does (storage.className): {string.Join(", ", classes.Select(c => c["metadata"]?["name"]?.ToString()))}.");
        }

        if (chosen is null)
        {
            notes.Add(classes.Count == 0
                ? "the cluster has no StorageClass: claim dwcp-v3-store waits for a volume that somebody provides. Install a provisioner (NFS or CephFS; local-path on one machine), "
                    + "or set storage.ephemeral for a trial without one"
                : $"no StorageClass is the default: claim dwcp-v3-store waits for a volume that somebody provides (or set storage.className to {string.Join(" or ", classes.Select(c => c["metadata"]?["name"]?.ToString()))})");
            return Shared;
        }

        var provisioner = chosen["provisioner"]?.ToString() ?? "";
        if (!SingleMachineProvisioners.Contains(provisioner))
            return Shared;
        var machines = nodes?.Count(TakesPods) ?? 0;
        if (machines != 1)
        {
            throw new DwcpStagingException(StagingStage.Infrastructure, $"StorageClass {chosen["metadata"]?["name"]} ({provisioner})",
                string.Create(CultureInfo.InvariantCulture, $"serves one machine at a time, and {Machines(nodes, machines)}"),
                machines == 0 && nodes is not null ? "Let a machine take pods: kubectl taint node NAME node-role.kubernetes.io/control-plane- (kubeadm's only machine), or kubectl uncordon NAME." : "Name a class that offers ReadWriteMany (storage.className), such as EFS, NFS or CephFS; or set storage.accessMode to ReadWriteOnce where all pods share one machine.");
        }

        notes.Add($"one machine, and {provisioner} offers {Single} only: the store is shared by the pods of this machine");
        return Single;
    }

    private static string Machines(IReadOnlyList<JsonObject>? nodes, int taking) => (nodes, taking) switch
    {
        (null, _) => "how many this cluster has may not be read",
        ({ Count: var all }, 0) => string.Create(CultureInfo.InvariantCulture, $"none of this cluster's {all} takes pods (tainted or cordoned)"),
        _ => string.Create(CultureInfo.InvariantCulture, $"this cluster has {taking}"),
    };

    private static bool IsControlPlane(JsonObject node) =>
        node["metadata"]?["labels"] is JsonObject labels && (labels.ContainsKey("node-role.kubernetes.io/control-plane") || labels.ContainsKey("node-role.kubernetes.io/master"));

    private static bool HasIPv6Pods(JsonObject node) =>
        (node["spec"]?["podCIDRs"] as JsonArray ?? []).Append(node["spec"]?["podCIDR"]?.DeepClone()).Any(c => c?.ToString().Contains(':') == true);

    private static bool TakesPods(JsonObject node) =>
        node["spec"]?["unschedulable"]?.GetValue<bool>() != true
        && !(node["spec"]?["taints"] as JsonArray ?? []).Any(t => t?["effect"]?.ToString() is "NoSchedule" or "NoExecute");

    /// <summary>
    /// A process in the host's network (the API server) reaches pods of other machines from the node's own address or from the overlay's end on
    /// that node: the first addresses of its pod network (flannel and bridge CNIs), or what Calico notes on the node.
    /// </summary>
    private static IEnumerable<string> ProxySources(JsonObject node)
    {
        foreach (var address in (node["status"]?["addresses"] as JsonArray ?? []).Where(a => a?["type"]?.ToString() == "InternalIP"))
            yield return Host(address!["address"]!.ToString());
        foreach (var network in (node["spec"]?["podCIDRs"] as JsonArray ?? []).Select(c => c!.ToString()))
            yield return $"{network.Split('/')[0]}/{(network.Contains(':') ? 127 : 31)}";
        foreach (var name in new[] { "projectcalico.org/IPv4VXLANTunnelAddr", "projectcalico.org/IPv4IPIPTunnelAddr" })
        {
            if (node["metadata"]?["annotations"]?[name]?.ToString() is { Length: > 0 } tunnel)
                yield return Host(tunnel);
        }
    }

    private static IEnumerable<string> Addresses(JsonObject slice) =>
        (slice["endpoints"] as JsonArray ?? []).OfType<JsonObject>().SelectMany(e => (e["addresses"] as JsonArray ?? []).Select(a => Host(a!.ToString())));

    private static IEnumerable<ServicePort> Ports(JsonObject slice) =>
        (slice["ports"] as JsonArray ?? []).OfType<JsonObject>().Where(p => p["port"] is not null)
            .Select(p => new ServicePort(p["port"]!.GetValue<int>(), p["protocol"]?.ToString() ?? "TCP"));

    private static string Host(string address) => address.Contains(':') ? $"{address}/128" : $"{address}/32";

    /// <summary>A list, or null where it may not be read or is not served.</summary>
    private static async Task<IReadOnlyList<JsonObject>?> ReadAsync(
        ClusterConnection connection, ClusterResource resource, string? @namespace, string? selector, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ListAsync(resource, @namespace, selector, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (e.Failure is ClusterFailure.Forbidden or ClusterFailure.NotFound)
        {
            return null;
        }
    }
}
