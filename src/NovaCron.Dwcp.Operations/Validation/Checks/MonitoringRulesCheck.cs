using System.Globalization;
using NovaCron.Dwcp.Operations.Staging.Manifests;
using NovaCron.Dwcp.Operations.Validation.Monitoring;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Prometheus knows every alert of the release and works it out.</summary>
internal sealed class MonitoringRulesCheck() : ValidationCheck(
    "monitoring-rules", CheckCategory.Monitoring, CheckSeverity.High, "Every alert of the release is loaded in Prometheus and evaluated without error",
    "Give Prometheus the rules of this release (rules-dwcp-v3.yaml, or New-DwcpStaging); its rules page names the error.")
{
    private static readonly TimeSpan MaximumAge = TimeSpan.FromMinutes(5);

    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => MonitoringSource.WhyNotApplicableAsync(context);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var values = (await context.RecordAsync().ConfigureAwait(false)).Values;
        var shipped = new MonitoringAssets(values.Monitoring, context.Namespace).RuleGroups().OfType<System.Text.Json.Nodes.JsonObject>().SelectMany(g => g.Items("rules")).Select(r => r.Text("alert")).OfType<string>().ToList();
        var now = (await MonitoringSource.QueryAsync(context, "time()", cancellationToken).ConfigureAwait(false))[0].Points[0].Value;
        var answer = await MonitoringSource.AskPrometheusAsync(context, "/api/v1/rules?type=alert", cancellationToken).ConfigureAwait(false);
        var loaded = answer.Items("data", "groups").SelectMany(g => g.Items("rules")).ToList();
        var problems = new List<string>();
        foreach (var alert in shipped)
        {
            var rule = loaded.Find(r => r.Text("name") == alert);
            if (rule is null)
                problems.Add($"Prometheus has no rule {alert}");
            else if (rule.Text("health") != "ok")
                problems.Add($"rule {alert} is {rule.Text("health") ?? "of unknown health"}: {ValidationContext.Start(rule.Text("lastError") ?? "no reason")}");
            else if (rule.Moment("lastEvaluation") is not { } last)
                problems.Add($"rule {alert} does not say when it was evaluated");
            else if (now - last.ToUnixTimeSeconds() is var age && age > MaximumAge.TotalSeconds)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"rule {alert} was evaluated {age:0} s ago, allowed are {MaximumAge.TotalSeconds:0} s"));
        }

        return CheckFinding.Judge(problems, shipped.Count, $"{shipped.Count} alerts are loaded and evaluated");
    }
}
