using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What the pods' accounts may do is what they need.</summary>
internal sealed class PermissionsCheck() : ValidationCheck(
    "security-permissions", CheckCategory.Security, CheckSeverity.High, "Roles of the service accounts have no wildcard, no secrets, and nothing of the whole cluster",
    "Apply the manifests again (New-DwcpStaging) and remove the bindings that the detail names.")
{
    private static readonly string[] Accounts = ["dwcp-v3", "dwcp-v3-guardian", "dwcp-v3-redis"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var inspected = 0;
        foreach (var binding in await context.ListAsync(ClusterResource.ClusterRoleBinding).ConfigureAwait(false))
            problems.AddRange(Subjects(binding).Select(s => $"ClusterRoleBinding {binding.Name()} gives service account {s} {binding.Text("roleRef", "name")} in the whole cluster"));
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
                if (rule.Texts("resources").Contains("secrets"))
                    problems.Add($"{kind.Kind} {name} may read or write secrets");
                problems.AddRange(rule.Texts("verbs").Where(v => v is "escalate" or "bind" or "impersonate").Select(v => $"{kind.Kind} {name} has the verb {v}"));
            }
        }

        return CheckFinding.Judge(problems, inspected, $"{inspected} bindings, all least privilege");

        IEnumerable<string> Subjects(JsonObject binding) => binding.Items("subjects")
            .Where(s => (s.Text("kind") == "ServiceAccount" && s.Text("namespace") == context.Namespace && Accounts.Contains(s.Text("name")))
                || (s.Text("kind") == "Group" && s.Text("name") == $"system:serviceaccounts:{context.Namespace}"))
            .Select(s => s.Text("name")!);
    }
}
