namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>
/// How lists and objects of built-in kinds merge. The client's models carry field names and types but not these rules, which the API
/// reference states per field (<c>patchStrategy</c>, <c>listType</c>, <c>mapType</c>); this table holds those of the served kinds.
/// </summary>
internal static class MergeRules
{
    /// <summary>One list that is not atomic.</summary>
    /// <param name="Topology">For server-side apply.</param>
    /// <param name="PatchMergeKey">For strategic merge patches; <c>null</c> when they replace the list, or merge scalars.</param>
    /// <param name="Keys">Key fields for server-side apply.</param>
    public sealed record ListRule(ListTopology Topology, string? PatchMergeKey, params ListKey[] Keys);

    private static readonly ListKey Protocol = new("protocol", "TCP");
    private static readonly ListRule Conditions = ByKey("type");
    private static readonly ListRule ScalarSet = new(ListTopology.Set, null);

    private static readonly Dictionary<(string Type, string Field), ListRule> Lists = new()
    {
        [("ObjectMeta", "ownerReferences")] = ByKey("uid"),
        [("ObjectMeta", "finalizers")] = ScalarSet,
        [("PodSpec", "containers")] = ByKey("name"),
        [("PodSpec", "initContainers")] = ByKey("name"),
        [("PodSpec", "ephemeralContainers")] = ByKey("name"),
        [("PodSpec", "volumes")] = ByKey("name"),
        [("PodSpec", "imagePullSecrets")] = ByKey("name"),
        [("PodSpec", "hostAliases")] = ByKey("ip"),
        [("PodSpec", "schedulingGates")] = ByKey("name"),
        [("PodSpec", "resourceClaims")] = ByKey("name"),
        [("PodSpec", "topologySpreadConstraints")] =
            new(ListTopology.Map, "topologyKey", new ListKey("topologyKey"), new ListKey("whenUnsatisfiable")),
        [("PodStatus", "podIPs")] = ByKey("ip"),
        [("PodStatus", "hostIPs")] = new(ListTopology.Atomic, "ip"),
        [("PodStatus", "resourceClaimStatuses")] = ByKey("name"),
        [("Container", "env")] = ByKey("name"),
        [("Container", "ports")] = new(ListTopology.Map, "containerPort", new ListKey("containerPort"), Protocol),
        [("Container", "volumeMounts")] = ByKey("mountPath"),
        [("Container", "volumeDevices")] = ByKey("devicePath"),
        [("EphemeralContainer", "env")] = ByKey("name"),
        [("EphemeralContainer", "ports")] = new(ListTopology.Map, "containerPort", new ListKey("containerPort"), Protocol),
        [("EphemeralContainer", "volumeMounts")] = ByKey("mountPath"),
        [("EphemeralContainer", "volumeDevices")] = ByKey("devicePath"),
        [("ResourceRequirements", "claims")] = new(ListTopology.Map, null, new ListKey("name")),
        [("ServiceSpec", "ports")] = new(ListTopology.Map, "port", new ListKey("port"), Protocol),
        [("ServiceAccount", "secrets")] = ByKey("name"),
        [("NodeSpec", "podCIDRs")] = ScalarSet,
        [("NodeStatus", "addresses")] = ByKey("type"),
        [("PersistentVolumeClaimStatus", "conditions")] = Conditions,
        [("ValidatingAdmissionPolicySpec", "matchConditions")] = ByKey("name"),
        [("ValidatingAdmissionPolicySpec", "variables")] = ByKey("name"),
        [("HorizontalPodAutoscalerStatus", "conditions")] = Conditions,
        [("CustomResourceDefinitionStatus", "conditions")] = new(ListTopology.Map, null, new ListKey("type")),
        [("NamespaceStatus", "conditions")] = Conditions,
        [("NodeStatus", "conditions")] = Conditions,
        [("PodStatus", "conditions")] = Conditions,
        [("ServiceStatus", "conditions")] = Conditions,
        [("DeploymentStatus", "conditions")] = Conditions,
        [("ReplicaSetStatus", "conditions")] = Conditions,
        [("StatefulSetStatus", "conditions")] = Conditions,
        [("DaemonSetStatus", "conditions")] = Conditions,
        [("PodDisruptionBudgetStatus", "conditions")] = Conditions,
        [("ValidatingAdmissionPolicyStatus", "conditions")] = new(ListTopology.Map, null, new ListKey("type")),
    };

    private static readonly HashSet<string> AtomicTypes =
    [
        "LabelSelector", "NodeSelector", "NodeSelectorTerm", "ConfigMapKeySelector", "SecretKeySelector", "FileKeySelector",
        "ObjectFieldSelector", "ResourceFieldSelector", "LocalObjectReference", "SecretReference", "ObjectReference",
        "TypedLocalObjectReference", "RoleRef", "OwnerReference", "ScopeSelector", "ParamKind", "ParamRef",
    ];

    private static readonly HashSet<(string Type, string Field)> AtomicMaps =
    [
        ("PodSpec", "nodeSelector"), ("ServiceSpec", "selector"), ("Endpoint", "deprecatedTopology"), ("ScaleStatus", "selector"),
    ];

    /// <summary>The rule of a list; <c>null</c> for atomic lists.</summary>
    public static ListRule? ForList(string type, string field) => Lists.GetValueOrDefault((type, field));

    /// <summary>Whether an object type is owned as a whole.</summary>
    public static bool IsAtomicType(string type) => AtomicTypes.Contains(type);

    /// <summary>Whether a map is owned as a whole.</summary>
    public static bool IsAtomicMap(string type, string field) => AtomicMaps.Contains((type, field));

    private static ListRule ByKey(string key) => new(ListTopology.Map, key, new ListKey(key));
}
