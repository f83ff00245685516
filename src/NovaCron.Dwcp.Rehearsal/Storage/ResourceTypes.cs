namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>The built-in resources of the rehearsal cluster.</summary>
public static class ResourceTypes
{
    private static readonly ScalePaths Replicas = new("spec.replicas", "status.replicas", "spec.selector");

    public static ResourceType Namespaces { get; } = new("", "v1", "namespaces", "Namespace", false) { ShortNames = ["ns"], HasStatus = true };
    public static ResourceType Nodes { get; } = new("", "v1", "nodes", "Node", false) { ShortNames = ["no"], HasStatus = true };
    public static ResourceType Pods { get; } =
        new("", "v1", "pods", "Pod", true) { ShortNames = ["po"], Categories = ["all"], HasStatus = true, HasGeneration = true };
    public static ResourceType Services { get; } =
        new("", "v1", "services", "Service", true) { ShortNames = ["svc"], Categories = ["all"], HasStatus = true };
    public static ResourceType Endpoints { get; } = new("", "v1", "endpoints", "Endpoints", true) { ShortNames = ["ep"], ListKind = "EndpointsList" };
    public static ResourceType ConfigMaps { get; } = new("", "v1", "configmaps", "ConfigMap", true) { ShortNames = ["cm"] };
    public static ResourceType Secrets { get; } = new("", "v1", "secrets", "Secret", true);
    public static ResourceType ServiceAccounts { get; } = new("", "v1", "serviceaccounts", "ServiceAccount", true) { ShortNames = ["sa"] };
    public static ResourceType Events { get; } = new("", "v1", "events", "Event", true) { ShortNames = ["ev"], StorageKey = "events" };
    public static ResourceType PersistentVolumeClaims { get; } =
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true) { ShortNames = ["pvc"], HasStatus = true };
    public static ResourceType PersistentVolumes { get; } =
        new("", "v1", "persistentvolumes", "PersistentVolume", false) { ShortNames = ["pv"], HasStatus = true };
    public static ResourceType ResourceQuotas { get; } =
        new("", "v1", "resourcequotas", "ResourceQuota", true) { ShortNames = ["quota"], HasStatus = true };
    public static ResourceType LimitRanges { get; } = new("", "v1", "limitranges", "LimitRange", true) { ShortNames = ["limits"] };
    public static ResourceType GroupedEvents { get; } =
        new("events.k8s.io", "v1", "events", "Event", true) { ShortNames = ["ev"], StorageKey = "events" };
    public static ResourceType Deployments { get; } = new("apps", "v1", "deployments", "Deployment", true)
    {
        ShortNames = ["deploy"], Categories = ["all"], HasStatus = true, HasGeneration = true, Scale = Replicas,
    };
    public static ResourceType ReplicaSets { get; } = new("apps", "v1", "replicasets", "ReplicaSet", true)
    {
        ShortNames = ["rs"], Categories = ["all"], HasStatus = true, HasGeneration = true, Scale = Replicas,
    };
    public static ResourceType StatefulSets { get; } = new("apps", "v1", "statefulsets", "StatefulSet", true)
    {
        ShortNames = ["sts"], Categories = ["all"], HasStatus = true, HasGeneration = true, Scale = Replicas,
    };
    public static ResourceType DaemonSets { get; } = new("apps", "v1", "daemonsets", "DaemonSet", true)
    {
        ShortNames = ["ds"], Categories = ["all"], HasStatus = true, HasGeneration = true,
    };
    public static ResourceType HorizontalPodAutoscalers { get; } =
        new("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true)
        {
            ShortNames = ["hpa"], Categories = ["all"], HasStatus = true,
        };
    public static ResourceType Jobs { get; } =
        new("batch", "v1", "jobs", "Job", true) { Categories = ["all"], HasStatus = true, HasGeneration = true };
    public static ResourceType PodDisruptionBudgets { get; } = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true)
    {
        ShortNames = ["pdb"], HasStatus = true, HasGeneration = true,
    };
    public static ResourceType Ingresses { get; } = new("networking.k8s.io", "v1", "ingresses", "Ingress", true)
    {
        ShortNames = ["ing"], HasStatus = true, HasGeneration = true,
    };
    public static ResourceType IngressClasses { get; } =
        new("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false) { HasGeneration = true };
    public static ResourceType NetworkPolicies { get; } = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true)
    {
        ShortNames = ["netpol"], HasGeneration = true,
    };
    public static ResourceType Roles { get; } = new("rbac.authorization.k8s.io", "v1", "roles", "Role", true);
    public static ResourceType RoleBindings { get; } = new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true);
    public static ResourceType ClusterRoles { get; } = new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false);
    public static ResourceType ClusterRoleBindings { get; } =
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false);
    public static ResourceType Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", true);
    public static ResourceType EndpointSlices { get; } = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true)
    {
        HasGeneration = true,
    };
    public static ResourceType StorageClasses { get; } =
        new("storage.k8s.io", "v1", "storageclasses", "StorageClass", false) { ShortNames = ["sc"] };
    public static ResourceType PriorityClasses { get; } =
        new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false) { ShortNames = ["pc"], HasGeneration = true };
    public static ResourceType CustomResourceDefinitions { get; } =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false)
        {
            ShortNames = ["crd", "crds"], Categories = ["api-extensions"], HasStatus = true, HasGeneration = true,
        };
    public static ResourceType ValidatingAdmissionPolicies { get; } =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false)
        {
            Categories = ["api-extensions"], HasStatus = true, HasGeneration = true,
        };
    public static ResourceType ValidatingAdmissionPolicyBindings { get; } =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false)
        {
            Categories = ["api-extensions"], HasGeneration = true,
        };

    /// <summary>Every built-in type, in the order in which discovery lists them.</summary>
    public static IReadOnlyList<ResourceType> BuiltIn { get; } =
    [
        ConfigMaps, Endpoints, Events, LimitRanges, Namespaces, Nodes, PersistentVolumeClaims, PersistentVolumes, Pods, ResourceQuotas, Secrets,
        ServiceAccounts, Services,
        Deployments, DaemonSets, ReplicaSets, StatefulSets, HorizontalPodAutoscalers, Jobs, PodDisruptionBudgets, Ingresses, IngressClasses,
        NetworkPolicies, Roles, RoleBindings, ClusterRoles, ClusterRoleBindings, Leases, EndpointSlices, GroupedEvents, StorageClasses,
        PriorityClasses, CustomResourceDefinitions, ValidatingAdmissionPolicies, ValidatingAdmissionPolicyBindings,
    ];
}
