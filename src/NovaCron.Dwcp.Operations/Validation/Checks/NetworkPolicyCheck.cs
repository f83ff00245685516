using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Pods accept and send only what is listed.</summary>
internal sealed class NetworkPolicyCheck() : ValidationCheck(
    "security-network-policies", CheckCategory.Security, CheckSeverity.High, "NetworkPolicies deny by default and open diagnostics to nobody but guardian and operators",
    "Apply the manifests again (New-DwcpStaging).")
{
    /// <summary>A network of fewer bits is everybody: 0.0.0.0/0 can also be written as two halves.</summary>
    private const int WideBits = 4;

    private static readonly (long Number, string Name)[] Guarded = [(8081, "admin"), (6379, "redis")];

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
            // With the type and without a rule it denies; a rule without peers is open to all.
            foreach (var rule in policy.Items("spec", "ingress").Where(r => IsOpen(r, "from")))
            {
                foreach (var port in Guarded.Where(g => Covers(rule, g.Number, g.Name)))
                    problems.Add($"policy {policy.Name()} lets everybody reach port {port.Number}");
            }

            if (policy.Items("spec", "egress").Any(r => IsOpen(r, "to") && !r.Items("ports").Any()))
                problems.Add($"policy {policy.Name()} lets pods reach everything");
        }

        var service = await context.FindAsync(ClusterResource.Service, "dwcp-v3").ConfigureAwait(false);
        if (service?.Items("spec", "ports").Any(p => p.Text("targetPort") is "admin" or "8081" || p.Text("port") == "8081") == true)
            problems.Add("Service dwcp-v3 offers the admin port 8081");
        return CheckFinding.Judge(problems, 1 + policies.Count, $"{policies.Count} policies, default deny");
    }

    private static bool IsOpen(JsonObject rule, string peers) => !rule.Items(peers).Any() || rule.Items(peers).Any(p =>
        (p.Text("ipBlock", "cidr") is { } network && int.TryParse(network.AsSpan(network.IndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits <= WideBits)
        || p.At("namespaceSelector") is JsonObject { Count: 0 });

    /// <summary>By number, by range, by the container port's name, or because no port is named at all.</summary>
    private static bool Covers(JsonObject rule, long number, string name) => !rule.Items("ports").Any() || rule.Items("ports").Any(p =>
        p["port"] is null || p.Text("port") == name || (p.Whole("port") is { } from && from <= number && number <= (p.Whole("endPort") ?? from))
        || p.Text("port") == number.ToString(CultureInfo.InvariantCulture));
}
