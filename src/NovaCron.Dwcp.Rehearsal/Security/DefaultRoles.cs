using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>The roles and bindings that every cluster begins with.</summary>
internal static class DefaultRoles
{
    private const string ViewLabel = "rbac.authorization.k8s.io/aggregate-to-view";
    private const string EditLabel = "rbac.authorization.k8s.io/aggregate-to-edit";
    private const string AdminLabel = "rbac.authorization.k8s.io/aggregate-to-admin";

    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = ["create", "delete", "deletecollection", "patch", "update"];

    // Resources of namespaces that people work with, by group. Secrets are for editors; roles are for administrators.
    private static readonly (string Group, string[] Resources)[] Viewable =
    [
        ("", ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "pods/log", "pods/status", "events",
            "serviceaccounts", "services", "services/status", "namespaces", "limitranges", "resourcequotas", "bindings"]),
        ("apps", ["daemonsets", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "statefulsets",
            "statefulsets/scale"]),
        ("autoscaling", ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
        ("batch", ["jobs"]),
        ("discovery.k8s.io", ["endpointslices"]),
        ("networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"]),
        ("policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    ];

    private static readonly (string Group, string[] Resources)[] Editable =
    [
        ("", ["configmaps", "endpoints", "persistentvolumeclaims", "pods", "pods/eviction", "secrets", "serviceaccounts", "services", "events"]),
        ("apps", ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets",
            "statefulsets/scale"]),
        ("autoscaling", ["horizontalpodautoscalers"]),
        ("batch", ["jobs"]),
        ("coordination.k8s.io", ["leases"]),
        ("discovery.k8s.io", ["endpointslices"]),
        ("networking.k8s.io", ["ingresses", "networkpolicies"]),
        ("policy", ["poddisruptionbudgets"]),
    ];

    public static void Create(ClusterStore store)
    {
        Role(store, "cluster-admin", null, Rule(["*"], ["*"], ["*"]), Paths(["*"], ["*"]));
        Role(store, "system:discovery", null, Paths(["get"], ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]));
        Role(store, "system:public-info-viewer", null, Paths(["get"], ["/healthz", "/livez", "/readyz", "/version", "/version/"]));
        Role(
            store, "system:basic-user", null,
            Rule(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
            Rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]));
        Role(
            store, "system:auth-delegator", null,
            Rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
            Rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"]));
        Role(store, "system:aggregate-to-view", ViewLabel, [.. Viewable.Select(static v => Rule([v.Group], v.Resources, Read))]);
        Role(
            store, "system:aggregate-to-edit", EditLabel,
            [
                .. Editable.Select(static e => Rule([e.Group], e.Resources, Write)),
                Rule([""], ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"], Read),
                Rule([""], ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"], Write),
                Rule([""], ["serviceaccounts"], ["impersonate"]),
                Rule([""], ["serviceaccounts/token"], ["create"]),
                Rule(["coordination.k8s.io"], ["leases"], Read),
            ]);
        Role(
            store, "system:aggregate-to-admin", AdminLabel,
            Rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"]),
            Rule(["rbac.authorization.k8s.io"], ["rolebindings", "roles"], [.. Read, .. Write]));
        Aggregated(store, "view", [ViewLabel], EditLabel);
        Aggregated(store, "edit", [EditLabel, ViewLabel], AdminLabel);
        Aggregated(store, "admin", [AdminLabel, EditLabel, ViewLabel], null);
        Bind(store, "cluster-admin", "Group", ApiUser.Masters);
        Bind(store, "system:discovery", "Group", "system:authenticated");
        Bind(store, "system:basic-user", "Group", "system:authenticated");
        Bind(store, "system:public-info-viewer", "Group", "system:authenticated", "system:unauthenticated");
    }

    private static JsonObject Rule(string[] groups, string[] resources, string[] verbs) => new()
    {
        ["apiGroups"] = Array(groups), ["resources"] = Array(resources), ["verbs"] = Array(verbs),
    };

    private static JsonObject Paths(string[] verbs, string[] paths) => new() { ["nonResourceURLs"] = Array(paths), ["verbs"] = Array(verbs) };

    private static void Role(ClusterStore store, string name, string? label, params JsonObject[] rules) => store.Create(
        ResourceTypes.ClusterRoles, new JsonObject { ["metadata"] = Metadata(name, label), ["rules"] = new JsonArray([.. rules]) });

    private static void Aggregated(ClusterStore store, string name, string[] from, string? label) => store.Create(
        ResourceTypes.ClusterRoles, new JsonObject
        {
            ["metadata"] = Metadata(name, label),
            ["aggregationRule"] = new JsonObject
            {
                ["clusterRoleSelectors"] =
                    new JsonArray([.. from.Select(static l => (JsonNode)new JsonObject { ["matchLabels"] = new JsonObject { [l] = "true" } })]),
            },
            ["rules"] = new JsonArray(),
        });

    private static void Bind(ClusterStore store, string role, string kind, params string[] subjects) => store.Create(
        ResourceTypes.ClusterRoleBindings, new JsonObject
        {
            ["metadata"] = Metadata(role, null),
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = role },
            ["subjects"] = new JsonArray([.. subjects.Select(s =>
                (JsonNode)new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = s })]),
        });

    private static JsonObject Metadata(string name, string? label)
    {
        var labels = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        if (label is not null)
        {
            labels[label] = "true";
        }
        return new JsonObject { ["name"] = name, ["labels"] = labels };
    }

    private static JsonArray Array(string[] texts) => [.. texts.Select(static t => (JsonNode)t)];
}
