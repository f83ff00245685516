using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>RBAC: decides by the Roles and bindings that are stored now. Members of <c>system:masters</c> may do everything.</summary>
public sealed class Authorizer(ClusterStore store)
{
    /// <summary>Why a user may do something, or <c>null</c> when nothing allows it.</summary>
    public string? Allows(ApiUser user, AccessRequest request)
    {
        if (user.Groups.Contains(ApiUser.Masters))
        {
            return "";
        }
        foreach (var grant in Grants(user, request.Namespace))
        {
            if (grant.Rules.Any(r => Covers(r, request)))
            {
                return $"RBAC: allowed by {grant.Origin}";
            }
        }
        return null;
    }

    /// <summary>All rules that hold for a user in a namespace and cluster-wide.</summary>
    public IEnumerable<JsonObject> RulesFor(ApiUser user, string ns) => Grants(user, ns).SelectMany(static g => g.Rules);

    private IEnumerable<(string Origin, IEnumerable<JsonObject> Rules)> Grants(ApiUser user, string ns)
    {
        foreach (var binding in store.Snapshot(ResourceTypes.ClusterRoleBindings).Items)
        {
            if (Subject(binding, user) is { } subject)
            {
                var role = binding.Document.At("roleRef.name")?.ToString() ?? "";
                yield return ($"ClusterRoleBinding \"{binding.Name}\" of ClusterRole \"{role}\" to {subject}", ClusterRoleRules(role));
            }
        }
        if (ns.Length == 0)
        {
            yield break;
        }
        foreach (var binding in store.Snapshot(ResourceTypes.RoleBindings, ns).Items)
        {
            if (Subject(binding, user) is { } subject)
            {
                var (kind, role) = (binding.Document.At("roleRef.kind")?.ToString(), binding.Document.At("roleRef.name")?.ToString() ?? "");
                var rules = kind == "ClusterRole"
                    ? ClusterRoleRules(role)
                    : store.Find(ResourceTypes.Roles, ns, role)?.Document["rules"].Objects() ?? [];
                yield return ($"RoleBinding \"{binding.Name}/{ns}\" of {kind} \"{role}\" to {subject}", rules);
            }
        }
    }

    /// <summary>The rules of a ClusterRole, those that it aggregates included.</summary>
    internal IEnumerable<JsonObject> ClusterRoleRules(string name)
    {
        if (store.Find(ResourceTypes.ClusterRoles, null, name)?.Document is not { } role)
        {
            return [];
        }
        var selectors = role.At("aggregationRule.clusterRoleSelectors").Objects().Select(LabelSelector.Of).ToList();
        if (selectors.Count == 0)
        {
            return role["rules"].Objects();
        }
        return store.Snapshot(ResourceTypes.ClusterRoles).Items
            .Where(r => r.Name != name && selectors.Any(s => s.Matches(r.Document)))
            .SelectMany(static r => r.Document["rules"].Objects());
    }

    private static string? Subject(StoredObject binding, ApiUser user)
    {
        foreach (var subject in binding.Document["subjects"].Objects())
        {
            var name = subject.Text("name") ?? "";
            var ns = subject.Text("namespace") is { Length: > 0 } given ? given : binding.Namespace;
            switch (subject.Text("kind"))
            {
                case "User" when user.Name == name:
                    return $"User \"{name}\"";
                case "Group" when user.Groups.Contains(name):
                    return $"Group \"{name}\"";
                case "ServiceAccount" when user.Name == $"system:serviceaccount:{ns}:{name}":
                    return $"ServiceAccount \"{name}/{ns}\"";
            }
        }
        return null;
    }

    private static bool Covers(JsonObject rule, AccessRequest request)
    {
        if (!Any(rule["verbs"], request.Verb))
        {
            return false;
        }
        if (request.Path is { } path)
        {
            return rule["nonResourceURLs"].Texts().Any(u => u == path || (u.EndsWith('*') && path.StartsWith(u[..^1], StringComparison.Ordinal)));
        }
        var names = rule["resourceNames"].Texts().ToList();
        return Any(rule["apiGroups"], request.Group)
            && rule["resources"].Texts().Any(r =>
                r == "*" || r == request.FullResource || (request.Subresource.Length > 0 && r == "*/" + request.Subresource))
            && (names.Count == 0 || (request.Name.Length > 0 && names.Contains(request.Name)));
    }

    private static bool Any(JsonNode? list, string value) => list.Texts().Any(t => t == "*" || t == value);
}
