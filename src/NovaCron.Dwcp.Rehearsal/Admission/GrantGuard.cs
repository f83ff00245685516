using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>Nobody grants what he does not hold: the escalation check of RBAC for roles and bindings.</summary>
internal sealed class GrantGuard(ClusterStore store, Authorizer authorizer)
{
    /// <exception cref="ApiStatusException">The writer grants more than he holds (Forbidden).</exception>
    public void Check(AdmissionRequest request, JsonObject document)
    {
        var isRole = request.Type == ResourceTypes.Roles || request.Type == ResourceTypes.ClusterRoles;
        var isBinding = request.Type == ResourceTypes.RoleBindings || request.Type == ResourceTypes.ClusterRoleBindings;
        if (!isRole && !isBinding)
        {
            return;
        }
        var role = isRole ? document.Name() : document.At("roleRef.name")?.ToString() ?? "";
        var resource = isRole ? request.Type.Plural : document.At("roleRef.kind")?.ToString() == "ClusterRole" ? "clusterroles" : "roles";
        if (authorizer.Allows(request.User, new(isRole ? "escalate" : "bind", request.Type.Group, resource, "", request.Namespace, role)) is not null)
        {
            return;
        }
        var granted = isRole ? document["rules"].Objects()
            : resource == "clusterroles" ? authorizer.ClusterRoleRules(role)
            : store.Find(ResourceTypes.Roles, request.Namespace, role)?.Document["rules"].Objects() ?? [];
        var missing = granted.SelectMany(Demands).Where(d => authorizer.Allows(request.User, d with { Namespace = request.Namespace }) is null).ToList();
        if (missing.Count > 0)
        {
            throw ApiStatusException.Forbidden(
                request.Type, document.Name(),
                $"user \"{request.User.Name}\" (groups=[{string.Join(' ', request.User.Groups.Select(static g => $"\"{g}\""))}]) is attempting to grant RBAC permissions not currently held:\n"
                + string.Join('\n', missing.Select(Describe).Distinct()));
        }
    }

    private static IEnumerable<AccessRequest> Demands(JsonObject rule)
    {
        var names = rule["resourceNames"].Texts().DefaultIfEmpty("").ToList();
        return rule["verbs"].Texts().SelectMany(verb =>
            rule["nonResourceURLs"].Texts().Select(path => new AccessRequest(verb, "", "", "", "", "") { Path = path })
                .Concat(rule["apiGroups"].Texts().SelectMany(group => rule["resources"].Texts().SelectMany(full => names.Select(name =>
                {
                    var parts = full.Split('/', 2);
                    return new AccessRequest(verb, group, parts[0], parts.Length > 1 ? parts[1] : "", "", name);
                })))));
    }

    private static string Describe(AccessRequest demand) => demand.Path is not null
        ? $"{{NonResourceURLs:[\"{demand.Path}\"], Verbs:[\"{demand.Verb}\"]}}"
        : $"{{APIGroups:[\"{demand.Group}\"], Resources:[\"{demand.FullResource}\"], "
        + (demand.Name.Length > 0 ? $"ResourceNames:[\"{demand.Name}\"], " : "") + $"Verbs:[\"{demand.Verb}\"]}}";
}
