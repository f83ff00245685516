using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nothing of a rehearsal is left in what is judged.</summary>
internal sealed class InjectedFaultsCheck() : ValidationCheck(
    "health-injected-faults", CheckCategory.Health, CheckSeverity.Critical, "No node injects rehearsal faults",
    "Remove the faults; outside of a rehearsal also remove DWCP_REHEARSAL from the pods' environment.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var configuration = await context.DiagnosticsAsync(pod, "configuration").ConfigureAwait(false);
            var rehearsal = configuration.Flag("rehearsal") ?? throw new InconclusiveException($"pod {pod} does not say whether it is a rehearsal");
            if (rehearsal && !context.Profile.PodsAreProcesses)
                return $"pod {pod} runs in rehearsal mode, where faults can be injected";
            return configuration["injectedFaults"] is { } faults && IsActive(faults) ? $"pod {pod} injects faults: {faults.ToJsonString()}" : null;
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes inject nothing");
    }

    /// <summary>Any number above zero, any switch that is on.</summary>
    private static bool IsActive(JsonNode node) => node switch
    {
        JsonObject map => map.Any(p => p.Value is not null && IsActive(p.Value)),
        JsonArray list => list.Any(i => i is not null && IsActive(i)),
        JsonValue value when value.TryGetValue<bool>(out var on) => on,
        JsonValue value when value.TryGetValue<double>(out var number) => number > 0,
        _ => false,
    };
}
