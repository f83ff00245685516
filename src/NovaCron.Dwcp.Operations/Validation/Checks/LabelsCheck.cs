using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Everything of ours can be found by the standard labels.</summary>
internal sealed class LabelsCheck() : ValidationCheck(
    "infra-labels", CheckCategory.Infrastructure, CheckSeverity.Low, "Workloads and Services carry the standard labels, and app=dwcp-v3 marks node pods only",
    "Apply the manifests again (New-DwcpStaging).")
{
    private static readonly string[] Required = ["app.kubernetes.io/name", "app.kubernetes.io/part-of", "app.kubernetes.io/component"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var objects = new List<(string Where, JsonObject Document)>();
        foreach (var name in new[] { "dwcp-v3", "dwcp-v3-guardian", "dwcp-v3-redis" })
        {
            if (await context.FindAsync(ClusterResource.Deployment, name).ConfigureAwait(false) is { } deployment)
                objects.Add(($"Deployment {name}", deployment));
            if (await context.FindAsync(ClusterResource.Service, name).ConfigureAwait(false) is { } service)
                objects.Add(($"Service {name}", service));
        }

        objects.AddRange((await context.OurPodsAsync().ConfigureAwait(false)).Select(p => ($"pod {p.Name()}", p)));
        var problems = objects.SelectMany(o => Required.Where(l => string.IsNullOrEmpty(o.Document.Text("metadata", "labels", l))).Select(l => $"{o.Where} lacks label {l}")).ToList();
        problems.AddRange((await context.ListAsync(ClusterResource.Pod).ConfigureAwait(false))
            .Where(p => p.Text("metadata", "labels", "app") == "dwcp-v3" && p.Text("metadata", "labels", "app.kubernetes.io/component") != "node")
            .Select(p => $"pod {p.Name()} has app=dwcp-v3 and is no node"));
        return CheckFinding.Judge(problems, objects.Count, $"{objects.Count} objects carry the standard labels");
    }
}
