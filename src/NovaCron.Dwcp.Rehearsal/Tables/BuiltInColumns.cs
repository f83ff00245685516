using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>The columns of the built-in kinds, as the real server prints them.</summary>
internal static class BuiltInColumns
{
    private const string None = "<none>";

    private static readonly TableColumn Name =
        new("Name", static (o, _) => o.Name()) { Format = "name", Description = "Name must be unique within a namespace." };

    private static readonly TableColumn Age = Text("Age", static (o, now) => Ages.Since(o.Metadata().Text("creationTimestamp"), now));

    private static readonly Dictionary<string, IReadOnlyList<TableColumn>> ByKind = new(StringComparer.Ordinal)
    {
        ["Namespace"] = [Name, At("Status", "status.phase"), Age],
        ["Pod"] = PodColumns.All,
        ["Node"] =
        [
            Name, Text("Status", static (o, _) => NodeStatus(o)), Text("Roles", static (o, _) => NodeRoles(o)), Age,
            At("Version", "status.nodeInfo.kubeletVersion"),
            Wide("Internal-IP", static (o, _) => NodeAddress(o, "InternalIP")), Wide("External-IP", static (o, _) => NodeAddress(o, "ExternalIP")),
            Wide("OS-Image", static (o, _) => TextAt(o, "status.nodeInfo.osImage")), Wide("Kernel-Version", static (o, _) => TextAt(o, "status.nodeInfo.kernelVersion")),
            Wide("Container-Runtime", static (o, _) => TextAt(o, "status.nodeInfo.containerRuntimeVersion")),
        ],
        ["Service"] =
        [
            Name, At("Type", "spec.type"), At("Cluster-IP", "spec.clusterIP", None), Text("External-IP", static (o, _) => ExternalAddress(o)),
            Text("Port(s)", static (o, _) => ServicePorts(o)), Age, Wide("Selector", static (o, _) => Pairs(o.At("spec.selector"))),
        ],
        ["Endpoints"] = [Name, Text("Endpoints", static (o, _) => EndpointsText(o)), Age],
        ["EndpointSlice"] =
        [
            Name, At("AddressType", "addressType"),
            Text("Ports", static (o, _) => Joined(o["ports"].Objects().Select(static p => p["port"]?.ToString() ?? "*"), "<unset>")),
            Text("Endpoints", static (o, _) => Joined(o["endpoints"].Objects().SelectMany(static e => e["addresses"].Texts()), "<unset>")), Age,
        ],
        ["ConfigMap"] = [Name, Count("Data", static o => Size(o["data"]) + Size(o["binaryData"])), Age],
        ["Secret"] = [Name, At("Type", "type"), Count("Data", static o => Size(o["data"])), Age],
        ["ServiceAccount"] = [Name, Count("Secrets", static o => (o["secrets"] as JsonArray)?.Count ?? 0), Age],
        ["Event"] =
        [
            Text("Last Seen", static (o, now) => Ages.Since(EventTime(o), now)), At("Type", "type"), At("Reason", "reason"),
            Text("Object", static (o, _) => EventObject(o)), Wide("Subobject", static (o, _) => TextAt(o, "involvedObject.fieldPath") ?? ""),
            Wide("Source", static (o, _) => EventSource(o)), Text("Message", static (o, _) => (o.Text("message") ?? o.Text("note") ?? "").Trim()),
            Wide("First Seen", static (o, now) => Ages.Since(o.Text("firstTimestamp") ?? o.Text("eventTime"), now)),
            Wide("Count", static (o, _) => o.Integer("count") ?? 1), Wide("Name", static (o, _) => o.Name()),
        ],
        ["PersistentVolumeClaim"] =
        [
            Name, At("Status", "status.phase"), At("Volume", "spec.volumeName"), At("Capacity", "status.capacity.storage"),
            Text("Access Modes", static (o, _) => AccessModes(o.At("status.accessModes") ?? o.At("spec.accessModes"))),
            At("StorageClass", "spec.storageClassName"), At("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>"), Age,
            Wide("VolumeMode", static (o, _) => TextAt(o, "spec.volumeMode") ?? "<unset>"),
        ],
        ["Deployment"] =
        [
            Name, Text("Ready", static (o, _) => $"{NumberAt(o, "status.readyReplicas")}/{NumberAt(o, "spec.replicas")}"),
            Count("Up-to-date", static o => NumberAt(o, "status.updatedReplicas")), Count("Available", static o => NumberAt(o, "status.availableReplicas")), Age,
            .. WorkloadColumns,
        ],
        ["ReplicaSet"] =
        [
            Name, Count("Desired", static o => NumberAt(o, "spec.replicas")), Count("Current", static o => NumberAt(o, "status.replicas")),
            Count("Ready", static o => NumberAt(o, "status.readyReplicas")), Age, .. WorkloadColumns,
        ],
        ["StatefulSet"] =
        [
            Name, Text("Ready", static (o, _) => $"{NumberAt(o, "status.readyReplicas")}/{NumberAt(o, "spec.replicas")}"), Age, .. WorkloadColumns[..2],
        ],
        ["HorizontalPodAutoscaler"] =
        [
            Name, Text("Reference", static (o, _) => $"{TextAt(o, "spec.scaleTargetRef.kind")}/{TextAt(o, "spec.scaleTargetRef.name")}"),
            Text("Targets", static (o, _) => AutoscalerTargets(o)),
            Text("MinPods", static (o, _) => o.At("spec.minReplicas")?.ToString() ?? "<unset>"),
            Count("MaxPods", static o => NumberAt(o, "spec.maxReplicas")), Count("Replicas", static o => NumberAt(o, "status.currentReplicas")), Age,
        ],
        ["PodDisruptionBudget"] =
        [
            Name, Text("Min Available", static (o, _) => o.At("spec.minAvailable")?.ToString() ?? "N/A"),
            Text("Max Unavailable", static (o, _) => o.At("spec.maxUnavailable")?.ToString() ?? "N/A"),
            Count("Allowed Disruptions", static o => NumberAt(o, "status.disruptionsAllowed")), Age,
        ],
        ["Ingress"] =
        [
            Name, Text("Class", static (o, _) => TextAt(o, "spec.ingressClassName") ?? None),
            Text("Hosts", static (o, _) => Joined(o.At("spec.rules").Objects().Select(static r => r.Text("host") ?? "").Where(static h => h.Length > 0), "*")),
            Text("Address", static (o, _) => string.Join(',', Balancers(o))),
            Text("Ports", static (o, _) => o.At("spec.tls") is JsonArray { Count: > 0 } ? "80, 443" : "80"), Age,
        ],
        ["IngressClass"] = [Name, At("Controller", "spec.controller"), Text("Parameters", static (o, _) => TextAt(o, "spec.parameters.name") ?? None), Age],
        ["NetworkPolicy"] = [Name, Text("Pod-Selector", static (o, _) => LabelSelector.Of(o.At("spec.podSelector") as JsonObject).ToString() is { Length: > 0 } s ? s : None), Age],
        ["Role"] = CreatedAt, ["ClusterRole"] = CreatedAt,
        ["RoleBinding"] = [.. Bindings], ["ClusterRoleBinding"] = [.. Bindings],
        ["Lease"] = [Name, At("Holder", "spec.holderIdentity"), Age],
        ["StorageClass"] =
        [
            Text("Name", static (o, _) => o.Name() + (TextAt(o, "metadata.annotations") is null && o.Metadata()["annotations"] is JsonObject a
                && a.Text("storageclass.kubernetes.io/is-default-class") == "true" ? " (default)" : "")),
            At("Provisioner", "provisioner"), At("ReclaimPolicy", "reclaimPolicy", "Delete"), At("VolumeBindingMode", "volumeBindingMode", "Immediate"),
            Text("AllowVolumeExpansion", static (o, _) => o.Boolean("allowVolumeExpansion") ?? false), Age,
        ],
        ["CustomResourceDefinition"] = [Name, Text("Created At", static (o, _) => o.Metadata().Text("creationTimestamp"))],
        ["ValidatingAdmissionPolicy"] =
        [
            Name, Count("Validations", static o => (o.At("spec.validations") as JsonArray)?.Count ?? 0),
            Text("ParamKind", static (o, _) => o.At("spec.paramKind") is JsonObject p ? $"{p.Text("apiVersion")}/{p.Text("kind")}" : "<unset>"), Age,
        ],
        ["ValidatingAdmissionPolicyBinding"] =
        [
            Name, At("PolicyName", "spec.policyName"), Text("ParamRef", static (o, _) => TextAt(o, "spec.paramRef.name") ?? "<unset>"), Age,
        ],
    };

    private static TableColumn[] WorkloadColumns =>
    [
        Wide("Containers", static (o, _) => Joined(Containers(o).Select(static c => c.Text("name") ?? ""), "")),
        Wide("Images", static (o, _) => Joined(Containers(o).Select(static c => c.Text("image") ?? ""), "")),
        Wide("Selector", static (o, _) => LabelSelector.Of(o.At("spec.selector") as JsonObject).ToString()),
    ];

    private static TableColumn[] CreatedAt => [Name, Text("Created At", static (o, _) => o.Metadata().Text("creationTimestamp"))];

    private static TableColumn[] Bindings =>
    [
        Name, Text("Role", static (o, _) => $"{TextAt(o, "roleRef.kind")}/{TextAt(o, "roleRef.name")}"), Age,
        Wide("Users", static (o, _) => Subjects(o, "User")), Wide("Groups", static (o, _) => Subjects(o, "Group")),
        Wide("ServiceAccounts", static (o, _) => Subjects(o, "ServiceAccount")),
    ];

    /// <summary>The columns of a kind, or <c>null</c> when it has only the common ones.</summary>
    public static IReadOnlyList<TableColumn>? Find(ResourceType type) => ByKind.GetValueOrDefault(type.Kind);

    internal static TableColumn Text(string name, Func<JsonObject, DateTimeOffset, JsonNode?> cell) => new(name, cell);

    internal static TableColumn Wide(string name, Func<JsonObject, DateTimeOffset, JsonNode?> cell) => new(name, cell) { Priority = 1 };

    internal static string? TextAt(JsonObject o, string path) => o.At(path) is JsonValue value ? value.ToString() : null;

    internal static long NumberAt(JsonObject o, string path) => (o.At(path) as JsonValue).AsInteger() ?? 0;

    private static TableColumn At(string name, string path, string missing = "") => new(name, (o, _) => TextAt(o, path) ?? missing);

    private static TableColumn Count(string name, Func<JsonObject, long> count) => new(name, (o, _) => count(o)) { Type = "integer", Format = "int32" };

    private static int Size(JsonNode? node) => (node as JsonObject)?.Count ?? 0;

    private static IEnumerable<JsonObject> Containers(JsonObject o) => o.At("spec.template.spec.containers").Objects();

    private static string Pairs(JsonNode? map) => Joined(map.TextPairs().Select(static p => $"{p.Key}={p.Value}"), None);

    private static string Joined(IEnumerable<string> texts, string none)
    {
        var all = texts.ToList();
        // The real server shows three and counts the rest.
        return all.Count == 0 ? none : all.Count > 3 ? $"{string.Join(',', all.Take(3))} + {all.Count - 3} more..." : string.Join(',', all);
    }

    private static string NodeStatus(JsonObject node)
    {
        var ready = node.At("status.conditions").Objects().FirstOrDefault(static c => c.Text("type") == "Ready")?.Text("status");
        var status = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return node.At("spec.unschedulable")?.ToString() == "true" ? status + ",SchedulingDisabled" : status;
    }

    private static string NodeRoles(JsonObject node)
    {
        const string Prefix = "node-role.kubernetes.io/";
        return Joined(node.At("metadata.labels").TextPairs().Where(static p => p.Key.StartsWith(Prefix, StringComparison.Ordinal)).Select(static p => p.Key[Prefix.Length..]), None);
    }

    private static string NodeAddress(JsonObject node, string type) =>
        node.At("status.addresses").Objects().FirstOrDefault(a => a.Text("type") == type)?.Text("address") ?? None;

    private static IEnumerable<string> Balancers(JsonObject o) =>
        o.At("status.loadBalancer.ingress").Objects().Select(static i => i.Text("hostname") ?? i.Text("ip") ?? "");

    private static string ExternalAddress(JsonObject service) => TextAt(service, "spec.type") switch
    {
        "LoadBalancer" => Joined(Balancers(service), "<pending>"),
        "ExternalName" => TextAt(service, "spec.externalName") ?? None,
        _ => Joined(service.At("spec.externalIPs").Texts(), None),
    };

    private static string ServicePorts(JsonObject service)
    {
        var ports = service.At("spec.ports").Objects().Select(static p =>
            p.Integer("nodePort") is > 0 and var node ? $"{p["port"]}:{node}/{p.Text("protocol")}" : $"{p["port"]}/{p.Text("protocol")}");
        return string.Join(',', ports) is { Length: > 0 } text ? text : None;
    }

    private static string EndpointsText(JsonObject endpoints) => Joined(
        endpoints["subsets"].Objects().SelectMany(static s => s["addresses"].Objects().SelectMany(a =>
            s["ports"].Objects().Select(p => $"{a.Text("ip")}:{p["port"]}").DefaultIfEmpty(a.Text("ip") ?? ""))), None);

    private static string? EventTime(JsonObject o) =>
        o.At("series.lastObservedTime")?.ToString() ?? o.Text("lastTimestamp") ?? o.Text("deprecatedLastTimestamp") ?? o.Text("eventTime") ?? o.Metadata().Text("creationTimestamp");

    private static string EventObject(JsonObject o)
    {
        var about = o["involvedObject"] as JsonObject ?? o["regarding"] as JsonObject ?? [];
        return $"{(about.Text("kind") ?? "").ToLowerInvariant()}/{about.Text("name")}";
    }

    private static string EventSource(JsonObject o)
    {
        var component = TextAt(o, "source.component") ?? o.Text("reportingComponent") ?? o.Text("reportingController") ?? "";
        return TextAt(o, "source.host") is { Length: > 0 } host ? $"{component}, {host}" : component;
    }

    private static string AccessModes(JsonNode? modes) => string.Join(',', modes.Texts().Select(static m => m switch
    {
        "ReadWriteOnce" => "RWO", "ReadOnlyMany" => "ROX", "ReadWriteMany" => "RWX", "ReadWriteOncePod" => "RWOP", _ => m,
    }));

    private static string AutoscalerTargets(JsonObject o)
    {
        var current = o.At("status.currentMetrics").Objects().ToList();
        var targets = o.At("spec.metrics").Objects().Select((m, i) =>
        {
            var resource = m["resource"] as JsonObject ?? [];
            var seen = i < current.Count ? current[i].At("resource.current.averageUtilization")?.ToString() : null;
            return string.Create(
                CultureInfo.InvariantCulture, $"{resource.Text("name")}: {(seen is null ? "<unknown>" : seen + "%")}/{resource.At("target.averageUtilization")}%");
        }).ToList();
        return targets.Count == 0 ? None : string.Join(", ", targets.Take(2)) + (targets.Count > 2 ? $" + {targets.Count - 2} more..." : "");
    }

    private static string Subjects(JsonObject binding, string kind) => string.Join(", ", binding["subjects"].Objects()
        .Where(s => s.Text("kind") == kind)
        .Select(static s => s.Text("kind") == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name") ?? ""));
}
