namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Every node reaches what it depends on, tried from inside the pod.</summary>
internal sealed class DependenciesCheck() : ValidationCheck(
    "integration-dependencies", CheckCategory.Integration, CheckSeverity.Critical, "Every node reaches API server, store, redis and DNS",
    "The detail names target and answer; look at NetworkPolicies, the claim and DNS.")
{
    private static readonly string[] Targets = ["api-server", "store", "redis", "dns"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var answers = (await context.DiagnosticsAsync(pod, "connectivity").ConfigureAwait(false)).Items("targets").ToList();
            foreach (var target in Targets)
            {
                var answer = answers.FirstOrDefault(a => a.Text("target") == target) ?? throw new InconclusiveException($"pod {pod} says nothing about {target}");
                if (answer.Flag("ok") != true)
                    return $"pod {pod} does not reach {target}: {answer.Text("detail")}";
            }

            return null;
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes reach {string.Join(", ", Targets)}");
    }
}
