using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A rule about every container of every pod spec.</summary>
internal abstract class PodHardeningCheck(string id, CheckSeverity severity, string title, string remedy)
    : ValidationCheck(id, CheckCategory.Security, severity, title, remedy)
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var specs = await context.PodSpecsAsync().ConfigureAwait(false);
        var problems = specs.SelectMany(s => s.Spec.Containers().Select(c => (s.Where, s.Spec, Container: c)))
            .SelectMany(c => Inspect(c.Spec!, c.Container).Select(p => $"{c.Where} container {c.Container.Text("name")}: {p}")).ToList();
        return CheckFinding.Judge(problems, specs.Sum(s => s.Spec.Containers().Count()), $"{Title}: {specs.Count} pod specs");
    }

    protected abstract IEnumerable<string> Inspect(JsonNode pod, JsonObject container);
}
