namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A pod that is starting, stuck or overloaded is told apart.</summary>
internal sealed class ProbesCheck() : ValidationCheck(
    "health-probes", CheckCategory.Health, CheckSeverity.Medium, "Every container has the three probes, and liveness is not readiness",
    "Apply the manifests again (New-DwcpStaging).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var specs = await context.PodSpecsAsync().ConfigureAwait(false);
        var problems = new List<string>();
        foreach (var (where, spec) in specs)
        {
            foreach (var container in spec.Items("containers"))
            {
                foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Where(p => container[p] is null))
                    problems.Add($"{where} has no {probe}");
                // Redis has only its port to ask, so that its probes cannot differ.
                if (container.Text("livenessProbe", "httpGet", "path") is { } path && path == container.Text("readinessProbe", "httpGet", "path"))
                    problems.Add($"{where} asks {path} for both liveness and readiness: an overloaded pod would be killed");
            }
        }

        return CheckFinding.Judge(problems, specs.Count, $"startup, liveness and readiness probes in {specs.Count} pod specs");
    }
}
