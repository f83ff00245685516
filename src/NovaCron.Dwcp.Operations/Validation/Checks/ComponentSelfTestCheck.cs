using System.Globalization;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>One of the six components works inside every pod: its self-test passes, and a real transfer moves its own metrics.</summary>
internal sealed class ComponentSelfTestCheck : ValidationCheck
{
    private static readonly (string Name, string Title)[] Components =
    [
        ("AMST", "Adaptive Multi-Scale Transforms"), ("HDE", "Hierarchical Dictionary Encoder"), ("PBA", "Probability-Based Arithmetic coder"),
        ("ASS", "Adaptive Stream Scheduler"), ("ACP", "Adaptive Congestion Protocol"), ("ITP", "Intelligent Transfer Protocol"),
    ];

    private readonly string _name;

    private ComponentSelfTestCheck(string name, string title)
        : base($"component-{name.ToLowerInvariant()}", CheckCategory.Components, CheckSeverity.Critical, $"{name} ({title}) passes its self-test in every pod, and a transfer moves its metrics",
            $"POST /diagnostics/selftest?component={name} in the pod tells the cause; so does its log.") => _name = name;

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(2);

    public static IEnumerable<ComponentSelfTestCheck> ForEveryComponent() => Components.Select(c => new ComponentSelfTestCheck(c.Name, c.Title));

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var prefix = $"dwcp_{_name.ToLowerInvariant()}_";
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            var before = Own(await BeforeTransferAsync(context, pod, cancellationToken).ConfigureAwait(false));
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
            return after.Any(a => a.Value != (before.Find(b => b.Name == a.Name && b.Labels.SequenceEqual(a.Labels))?.Value ?? 0)) ? null : $"pod {pod}: no metric {prefix}* moved during a transfer and the self-test";
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{_name} passes its self-test in {nodes.Count} pods");

        // By name and labels: a family that appeared meanwhile must not shift the pairs.
        List<MetricSample> Own(IReadOnlyList<MetricSample> page) => [.. page.Where(s => s.Name.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>
    /// The metrics before the pod moved data through all of its components, once for all six: memory to its own data port and back, which makes it
    /// sender, receiver and store at the same time.
    /// </summary>
    private static Task<IReadOnlyList<MetricSample>> BeforeTransferAsync(ValidationContext context, string pod, CancellationToken cancellationToken) =>
        context.OnceAsync($"component-transfer/{pod}", async () =>
        {
            var before = await context.ScrapeAsync(pod, cancellationToken).ConfigureAwait(false);
            TransferBenchmark.Read(pod, await context.DiagnoseAsync(pod, "benchmark?kind=transfer", TimeSpan.FromSeconds(45), cancellationToken).ConfigureAwait(false));
            return before;
        });
}
