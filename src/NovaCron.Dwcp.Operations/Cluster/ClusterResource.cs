namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>A kind of object and where the API serves it.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, for example <c>v1</c>.</param>
/// <param name="Plural">Name in paths, for example <c>configmaps</c>.</param>
/// <param name="Kind">For example <c>ConfigMap</c>.</param>
/// <param name="Namespaced">False for kinds that live beside namespaces.</param>
public sealed record ClusterResource(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    public static readonly ClusterResource Namespace = new("", "v1", "namespaces", "Namespace", false);
    public static readonly ClusterResource Pod = new("", "v1", "pods", "Pod", true);
    public static readonly ClusterResource Service = new("", "v1", "services", "Service", true);
    public static readonly ClusterResource ConfigMap = new("", "v1", "configmaps", "ConfigMap", true);
    public static readonly ClusterResource Secret = new("", "v1", "secrets", "Secret", true);
    public static readonly ClusterResource ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount", true);
    public static readonly ClusterResource PersistentVolumeClaim = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true);
    public static readonly ClusterResource Event = new("", "v1", "events", "Event", true);
    public static readonly ClusterResource Node = new("", "v1", "nodes", "Node", false);
    public static readonly ClusterResource StorageClass = new("storage.k8s.io", "v1", "storageclasses", "StorageClass", false);
    public static readonly ClusterResource Deployment = new("apps", "v1", "deployments", "Deployment", true);
    public static readonly ClusterResource DaemonSet = new("apps", "v1", "daemonsets", "DaemonSet", true);
    public static readonly ClusterResource ReplicaSet = new("apps", "v1", "replicasets", "ReplicaSet", true);
    public static readonly ClusterResource HorizontalPodAutoscaler =
        new("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true);
    public static readonly ClusterResource PodDisruptionBudget = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true);
    public static readonly ClusterResource Ingress = new("networking.k8s.io", "v1", "ingresses", "Ingress", true);
    public static readonly ClusterResource NetworkPolicy = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true);
    public static readonly ClusterResource Role = new("rbac.authorization.k8s.io", "v1", "roles", "Role", true);
    public static readonly ClusterResource RoleBinding = new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true);
    public static readonly ClusterResource ClusterRole = new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false);
    public static readonly ClusterResource ClusterRoleBinding =
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false);
    public static readonly ClusterResource Lease = new("coordination.k8s.io", "v1", "leases", "Lease", true);
    public static readonly ClusterResource EndpointSlice = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true);
    public static readonly ClusterResource CustomResourceDefinition =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
    public static readonly ClusterResource ValidatingAdmissionPolicy =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false);
    public static readonly ClusterResource ValidatingAdmissionPolicyBinding =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false);
    public static readonly ClusterResource PodMonitor = new("monitoring.coreos.com", "v1", "podmonitors", "PodMonitor", true);
    public static readonly ClusterResource PrometheusRule = new("monitoring.coreos.com", "v1", "prometheusrules", "PrometheusRule", true);
    public static readonly ClusterResource DwcpRollout = new("dwcp.novacron.io", "v1", "dwcprollouts", "DwcpRollout", true);
    public static readonly ClusterResource DwcpApproval = new("dwcp.novacron.io", "v1", "dwcpapprovals", "DwcpApproval", true);

    /// <summary>Kinds whose place is known without asking the server.</summary>
    internal static readonly IReadOnlyList<ClusterResource> WellKnown =
    [
        Namespace, Pod, Service, ConfigMap, Secret, ServiceAccount, PersistentVolumeClaim, Event, Node, StorageClass, Deployment, DaemonSet, ReplicaSet,
        HorizontalPodAutoscaler, PodDisruptionBudget, Ingress, NetworkPolicy, Role, RoleBinding, ClusterRole, ClusterRoleBinding, Lease,
        EndpointSlice, CustomResourceDefinition, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, PodMonitor, PrometheusRule, DwcpRollout, DwcpApproval,
    ];

    /// <summary><c>v1</c> or <c>apps/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Path of the collection, or of one object in it.</summary>
    internal string Path(string? @namespace, string? name = null, string? subresource = null)
    {
        var path = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        if (Namespaced && @namespace is not null)
            path += $"/namespaces/{Uri.EscapeDataString(@namespace)}";
        path += $"/{Plural}";
        if (name is not null)
            path += $"/{Uri.EscapeDataString(name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    /// <summary>How messages call an object: <c>ConfigMap staging/dwcp-v3-config</c>.</summary>
    public string Describe(string? @namespace, string? name) =>
        (Namespaced ? @namespace : null, name) switch
        {
            (null, null) => $"{Kind} objects",
            (null, _) => $"{Kind} {name}",
            (_, null) => $"{Kind} objects in namespace {@namespace}",
            _ => $"{Kind} {@namespace}/{name}",
        };

    public override string ToString() => $"{ApiVersion} {Kind}";
}
