using System.Globalization;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>One of the six components works inside every pod: its self-test passes and moves its own metrics.</summary>
internal sealed class ComponentSelfTestCheck : ValidationCheck
{
    private static readonly (string Name, string Title)[] Components =
    [
        ("AMST", "Adaptive Multi-Scale Transforms"), ("HDE", "Hierarchical Dictionary Encoder"), ("PBA", "Probability-Based Arithmetic coder"),
        ("ASS", "Adaptive Stream Scheduler"), ("ACP", "Adaptive Congestion Protocol"), ("ITP", "Intelligent Transfer Protocol"),
    ];

    private readonly string _name;

    private ComponentSelfTestCheck(string name, string title)
        : base($"component-{name.ToLowerInvariant()}", CheckCategory.Components, CheckSeverity.Critical, $"{name} ({title}) passes its self-test in every pod and its metrics move",
            $"POST /diagnostics/selftest?component={name} in the pod tells the cause; so does its log.") => _name = name;

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(1);

    public static IEnumerable<ComponentSelfTestCheck> ForEveryComponent() => Components.Select(c => new ComponentSelfTestCheck(c.Name, c.Title));

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var prefix = $"dwcp_{_name.ToLowerInvariant()}_";
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var before = Own(await context.ScrapeAsync(pod, cancellationToken).ConfigureAwait(false));
            if (before.Select(s => s.Name).Distinct().Count() is var families and < 2)
                return $"pod {pod} exports {families} metrics {prefix}*, expected at least two";
            if (before.FirstOrDefault(s => double.IsNaN(s.Value)) is { } nan)
                return $"pod {pod} exports {nan.Name} as NaN";
            var test = await context.DiagnoseAsync(pod, $"selftest?component={_name}", TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
            if (test.Text("health") != "ok" || test.Flag("lastSelfTest", "passed") != true)
                return $"pod {pod}: self-test of {_name} failed: {test.Text("lastSelfTest", "detail") ?? "no detail"}";
            var pageAfter = await context.ScrapeAsync(pod, cancellationToken).ConfigureAwait(false);
            var health = pageAfter.FirstOrDefault(s => s.Name == "dwcp_component_health" && string.Equals(s.Label("component"), _name, StringComparison.OrdinalIgnoreCase));
            if (health is null)
                return $"pod {pod} exports no dwcp_component_health of {_name}";
            if (health.Value != 1)
                return $"pod {pod}: dwcp_component_health of {_name} is {health.Value.ToString(CultureInfo.InvariantCulture)}";
            var after = Own(pageAfter);
            return before.Zip(after).Any(p => p.First.Value != p.Second.Value) ? null : $"pod {pod}: no metric {prefix}* moved during its self-test";
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{_name} passes its self-test in {nodes.Count} pods");

        List<MetricSample> Own(IReadOnlyList<MetricSample> page) => [.. page.Where(s => s.Name.StartsWith(prefix, StringComparison.Ordinal))];
    }
}
