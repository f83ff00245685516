using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Pods accept and send only what is listed.</summary>
internal sealed class NetworkPolicyCheck() : ValidationCheck(
    "security-network-policies", CheckCategory.Security, CheckSeverity.High, "NetworkPolicies deny by default and open diagnostics to nobody but guardian and operators",
    "Apply the manifests again (New-DwcpStaging).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var policies = await context.ListAsync(ClusterResource.NetworkPolicy).ConfigureAwait(false);
        var problems = new List<string>();
        if (!policies.Any(p => p.At("spec", "podSelector") is JsonObject { Count: 0 } && p.Texts("spec", "policyTypes").Order().SequenceEqual(["Egress", "Ingress"])
            && !p.Items("spec", "ingress").Any() && !p.Items("spec", "egress").Any()))
            problems.Add("no policy denies everything by default");
        foreach (var app in new[] { "dwcp-v3", "dwcp-v3-guardian", "dwcp-v3-redis" }.Where(a => !policies.Any(p => p.Text("spec", "podSelector", "matchLabels", "app") == a)))
            problems.Add($"no policy allows what {app} needs");
        foreach (var policy in policies)
        {
            foreach (var rule in policy.Items("spec", "ingress"))
            {
                var open = !rule.Items("from").Any() || rule.Items("from").Any(f => f.Text("ipBlock", "cidr") is "0.0.0.0/0" or "::/0" || f.At("namespaceSelector") is JsonObject { Count: 0 });
                var ports = rule.Items("ports").Select(p => p.Text("port")).ToList();
                if (open && (ports.Count == 0 || ports.Contains("8081") || ports.Contains("6379")))
                    problems.Add($"policy {policy.Name()} lets everybody reach {(ports.Count == 0 ? "all ports" : string.Join(", ", ports))}");
            }
        }

        var service = await context.FindAsync(ClusterResource.Service, "dwcp-v3").ConfigureAwait(false);
        if (service?.Items("spec", "ports").Any(p => p.Text("targetPort") is "admin" or "8081" || p.Text("port") == "8081") == true)
            problems.Add("Service dwcp-v3 offers the admin port 8081");
        return CheckFinding.Judge(problems, 1 + policies.Count, $"{policies.Count} policies, default deny");
    }
}
