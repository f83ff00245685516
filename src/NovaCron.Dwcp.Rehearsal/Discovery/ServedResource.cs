using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Discovery;

/// <summary>A resource as discovery lists it: with its verbs and subresources.</summary>
internal sealed record ServedResource(ResourceType Type, string[] Verbs, IReadOnlyList<SubresourceInfo> Subresources)
{
    private static readonly string[] AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    private static readonly string[] CreateOnly = ["create"];
    private static readonly string[] WriteExisting = ["get", "patch", "update"];
    private static readonly string[] Proxying = ["create", "delete", "get", "patch", "update"];

    /// <summary>Resources that answer a question and store nothing.</summary>
    public static IReadOnlyList<ResourceType> Reviews { get; } =
    [
        new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false),
        new("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false),
        new("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
        new("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
        new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false),
    ];

    /// <summary>Everything that is served now.</summary>
    public static IReadOnlyList<ServedResource> All(ResourceTypeRegistry types) =>
        [.. types.All.Select(static t => new ServedResource(t, AllVerbs, SubresourcesOf(t))), .. Reviews.Select(static t => new ServedResource(t, CreateOnly, []))];

    private static List<SubresourceInfo> SubresourcesOf(ResourceType type)
    {
        var list = new List<SubresourceInfo>();
        void Add(string name, string group, string version, string kind, string[] verbs) => list.Add(new(name, group, version, kind, verbs));

        if (type == ResourceTypes.Pods)
        {
            Add("eviction", "policy", "v1", "Eviction", CreateOnly);
            Add("log", "", "v1", "Pod", ["get"]);
            Add("portforward", "", "v1", "PodPortForwardOptions", ["create", "get"]);
            Add("proxy", "", "v1", "PodProxyOptions", Proxying);
        }
        else if (type == ResourceTypes.Services)
        {
            Add("proxy", "", "v1", "ServiceProxyOptions", Proxying);
        }
        else if (type == ResourceTypes.ServiceAccounts)
        {
            Add("token", "authentication.k8s.io", "v1", "TokenRequest", CreateOnly);
        }
        else if (type == ResourceTypes.Namespaces)
        {
            Add("finalize", "", "v1", "Namespace", ["update"]);
        }
        if (type.Scale is not null)
        {
            Add("scale", "autoscaling", "v1", "Scale", WriteExisting);
        }
        if (type.HasStatus)
        {
            Add("status", type.Group, type.Version, type.Kind, WriteExisting);
        }
        return list;
    }
}
