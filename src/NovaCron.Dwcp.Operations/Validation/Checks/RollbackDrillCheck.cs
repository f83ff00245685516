using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A rollback would be over in two minutes, and cost nobody anything.</summary>
internal sealed class RollbackDrillCheck() : PodReplacingDrill(
    "performance-rollback-drill", CheckCategory.Performance, "A rollback's steps are done in time, and no request is lost meanwhile, tried by a drill",
    "Look at the pods' start-up time and at room for one more pod; for lost requests at the nodes' logs and their drain (health-drain).")
{
    protected override CheckFinding Judge(RollbackDrill drill, ValidationProfile profile)
    {
        var limit = profile.MaximumRollback.TotalSeconds;
        var problems = drill.Lost.Select(l => $"lost: {l}").ToList();
        if (drill.ProvenAfter is null)
            problems.Insert(0, string.Create(CultureInfo.InvariantCulture, $"not proven at 0 % within {limit:0.#} s: {drill.State}"));
        else if (drill.Took is null)
            problems.Insert(0, string.Create(CultureInfo.InvariantCulture, $"proven after {drill.ProvenAfter.Value.TotalSeconds:0.0} s, and not restarted within {limit:0.#} s: {drill.State}"));
        var finding = CheckFinding.Judge(problems, 1, drill.Took is null ? "" : string.Create(CultureInfo.InvariantCulture,
            $"proven after {drill.ProvenAfter!.Value.TotalSeconds:0.0} s, all pods new and healthy after {drill.Took.Value.TotalSeconds:0.0} s, allowed are {limit:0} s; {drill.Transfers} transfers of v1 and v3 meanwhile, none lost"));
        return drill.Took is { } took ? finding with { Figures = [new CheckFigure("time of a rollback", "s", took.TotalSeconds, [took.TotalSeconds], HigherIsBetter: false)] } : finding;
    }
}
