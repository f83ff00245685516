using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Rollouts and approvals can be written, and nobody can sign with another's name.</summary>
internal sealed class CustomResourcesCheck() : ValidationCheck(
    "infra-custom-resources", CheckCategory.Infrastructure, CheckSeverity.High, "Custom resources are served and the approval policies are bound",
    "Deploy again (New-DwcpStaging) as somebody who may write CustomResourceDefinitions and admission policies.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var name in new[] { "dwcprollouts.dwcp.novacron.io", "dwcpapprovals.dwcp.novacron.io" })
        {
            var definition = await context.FindAsync(ClusterResource.CustomResourceDefinition, name).ConfigureAwait(false);
            if (definition?.Condition("Established").Text("status") != "True")
                problems.Add(definition is null ? $"CustomResourceDefinition {name} does not exist" : $"CustomResourceDefinition {name} is not established");
        }

        foreach (var name in new[] { "dwcp-approver-is-author", "dwcp-requester-is-author", "dwcp-approval-is-needed", "dwcp-validation-is-signed" })
        {
            if (await context.FindAsync(ClusterResource.ValidatingAdmissionPolicy, name).ConfigureAwait(false) is null)
                problems.Add($"ValidatingAdmissionPolicy {name} does not exist");
            var binding = await context.FindAsync(ClusterResource.ValidatingAdmissionPolicyBinding, name).ConfigureAwait(false);
            if (binding is null || !binding.Texts("spec", "validationActions").Contains("Deny"))
                problems.Add($"policy {name} is not bound with Deny");
        }

        return CheckFinding.Judge(problems, 5, "DwcpRollout and DwcpApproval are served, their policies deny");
    }
}
