using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What the pods' accounts may do is what they need.</summary>
internal sealed class PermissionsCheck() : ValidationCheck(
    "security-permissions", CheckCategory.Security, CheckSeverity.Critical, "Roles of the service accounts have no wildcard, no secrets, and nothing of the whole cluster",
    "Apply the manifests again (New-DwcpStaging) and remove the bindings that the detail names.")
{
    /// <summary>What leads to every secret of the namespace, or to more rights.</summary>
    private static readonly string[] Dangerous =
        ["secrets", "pods/exec", "pods/attach", "pods/ephemeralcontainers", "serviceaccounts/token", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "nodes/proxy"];

    /// <summary>
    /// What Kubernetes and its distributions let everybody read about the API itself (system:discovery, system:public-info-viewer, system:service-account-issuer-discovery,
    /// OpenShift's /.well-known), with what is below.
    /// </summary>
    private static readonly string[] Public = ["/.well-known", "/api", "/apis", "/openapi", "/openid", "/swagger", "/swaggerapi", "/healthz", "/livez", "/readyz", "/version"];

    private static readonly string[] Accounts = ["dwcp-v3", "dwcp-v3-guardian", "dwcp-v3-redis"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var inspected = 0;
        foreach (var binding in (await context.ListAsync(ClusterResource.ClusterRoleBinding).ConfigureAwait(false)).Where(b => Subjects(b).Any()))
        {
            var name = binding.Text("roleRef", "name") ?? "";
            if (await context.FindAsync(ClusterResource.ClusterRole, name).ConfigureAwait(false) is { } role && role.Items("rules").All(IsHarmless)) continue;
            problems.AddRange(Subjects(binding).Select(s => $"ClusterRoleBinding {binding.Name()} gives {s} {name} in the whole cluster"));
        }

        foreach (var binding in (await context.ListAsync(ClusterResource.RoleBinding).ConfigureAwait(false)).Where(b => Subjects(b).Any()))
        {
            inspected++;
            var kind = binding.Text("roleRef", "kind") == "ClusterRole" ? ClusterResource.ClusterRole : ClusterResource.Role;
            var name = binding.Text("roleRef", "name") ?? "";
            if (await context.FindAsync(kind, name).ConfigureAwait(false) is not { } role)
            {
                problems.Add($"RoleBinding {binding.Name()} names {kind.Kind} {name}, which does not exist");
                continue;
            }

            foreach (var rule in role.Items("rules"))
            {
                if (rule.Texts("verbs").Concat(rule.Texts("resources")).Concat(rule.Texts("apiGroups")).Contains("*"))
                    problems.Add($"{kind.Kind} {name} has a wildcard");
                foreach (var resource in rule.Texts("resources").Where(r => Dangerous.Contains(r)))
                    problems.Add($"{kind.Kind} {name} may {string.Join(", ", rule.Texts("verbs"))} {resource}");
                // Whoever makes a pod chooses its service account and the Secrets that it mounts.
                if (rule.Texts("resources").Contains("pods") && rule.Texts("verbs").Contains("create"))
                    problems.Add($"{kind.Kind} {name} may create pods");
                problems.AddRange(rule.Texts("verbs").Where(v => v is "escalate" or "bind" or "impersonate").Select(v => $"{kind.Kind} {name} has the verb {v}"));
            }
        }

        return CheckFinding.Judge(problems, inspected, $"{inspected} bindings, all least privilege");

        // A service account is also a user and a member of groups.
        IEnumerable<string> Subjects(JsonObject binding) => binding.Items("subjects").Where(s => s.Text("kind") switch
        {
            "ServiceAccount" => s.Text("namespace") == context.Namespace && Accounts.Contains(s.Text("name")),
            "User" => Accounts.Any(a => s.Text("name") == $"system:serviceaccount:{context.Namespace}:{a}"),
            "Group" => s.Text("name") == "system:serviceaccounts" || s.Text("name") == $"system:serviceaccounts:{context.Namespace}" || s.Text("name") == "system:authenticated",
            _ => false,
        }).Select(s => $"{s.Text("kind")} {s.Text("name")}");
    }

    // Read what is public, or ask who one is and what one may do (system:basic-user).
    private static bool IsHarmless(JsonObject rule) => rule.Texts("resources").Any()
        ? rule.Texts("verbs").All(v => v == "create") && rule.Texts("apiGroups").All(g => g is "authorization.k8s.io" or "authentication.k8s.io") &&
          rule.Texts("resources").All(r => r is "selfsubjectaccessreviews" or "selfsubjectrulesreviews" or "selfsubjectreviews")
        : rule.Texts("verbs").All(v => v == "get") && rule.Texts("nonResourceURLs").All(u => Public.Any(p => u == p || u.StartsWith(p + "/", StringComparison.Ordinal)));
}
