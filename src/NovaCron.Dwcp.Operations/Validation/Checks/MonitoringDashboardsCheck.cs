using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Manifests;
using NovaCron.Dwcp.Operations.Validation.Monitoring;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// People see something: the dashboard is where Grafana looks for it, Grafana took it, and each of its queries has numbers, after the load that the
/// checks before made.
/// </summary>
internal sealed class MonitoringDashboardsCheck() : ValidationCheck(
    "monitoring-dashboards", CheckCategory.Monitoring, CheckSeverity.High, "The dashboard is provisioned, and each of its queries returns data",
    "Deploy again (New-DwcpStaging) for a missing dashboard; for a query without data look at the metrics that it names.")
{
    private const int GrafanaPort = 3000;

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(3);

    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => MonitoringSource.WhyNotApplicableAsync(context);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var values = (await context.RecordAsync().ConfigureAwait(false)).Values;
        var dashboard = new MonitoringAssets(values.Monitoring, context.Namespace).Dashboard;
        var queries = Queries(JsonNode.Parse(dashboard)!).ToList();
        var problems = new List<string>();
        var provisioned = "";
        if (values.Monitoring.Stack is "Bundled" or "Operator")
        {
            problems.AddRange(await ProvisioningAsync(context, values, dashboard, cancellationToken).ConfigureAwait(false));
            provisioned = values.Monitoring is { Stack: "Bundled", Grafana: true } ? ", Grafana holds the dashboard" : ", the dashboard is where Grafana's sidecar finds it";
        }

        // The last load must have been scraped, and twice, before there is a rate.
        var patience = context.Options.DataPatience ?? (3 * Interval(values.Monitoring.ScrapeInterval)) + TimeSpan.FromSeconds(5);
        var started = context.Time.GetTimestamp();
        var empty = queries;
        while (true)
        {
            var still = new List<(string Panel, string Expression)>();
            foreach (var query in empty)
            {
                var series = await MonitoringSource.QueryAsync(context, Fill(query.Expression, context.Namespace), cancellationToken).ConfigureAwait(false);
                if (!series.Any(s => s.Points.Any(p => double.IsFinite(p.Value))))
                    still.Add(query);
            }

            empty = still;
            if (empty.Count == 0 || context.Time.GetElapsedTime(started) > patience)
                break;
            await Task.Delay(context.Options.PollInterval, context.Time, cancellationToken).ConfigureAwait(false);
        }

        problems.AddRange(empty.Select(q => $"panel '{q.Panel}' has no data: {Fill(q.Expression, context.Namespace)}"));
        return CheckFinding.Judge(problems, queries.Count, $"{queries.Count} queries return data{provisioned}");
    }

    private static async Task<IEnumerable<string>> ProvisioningAsync(ValidationContext context, StagingValues values, string dashboard, CancellationToken cancellationToken)
    {
        var @namespace = values.Network.MonitoringNamespace;
        var map = await context.Connection.FindAsync(ClusterResource.ConfigMap, @namespace, "dwcp-v3-deployment-dashboard", cancellationToken).ConfigureAwait(false);
        if (map is null)
            return [$"ConfigMap {@namespace}/dwcp-v3-deployment-dashboard does not exist"];
        if (map.Text("data", "dwcp-v3-deployment.json")?.TrimEnd() != dashboard.TrimEnd())
            return [$"the dashboard in ConfigMap {@namespace}/dwcp-v3-deployment-dashboard is not this release's"];
        if (values.Monitoring is not { Stack: "Bundled", Grafana: true })
            return [];
        var pods = await context.Connection.ListAsync(ClusterResource.Pod, @namespace, "app=grafana", cancellationToken: cancellationToken).ConfigureAwait(false);
        if (pods.FirstOrDefault(WorkloadWaiter.IsReady)?.Name() is not { } pod)
            return [$"no pod of Grafana is ready in namespace {@namespace}"];
        var health = await context.Connection.GetFromPodAsync(@namespace, pod, GrafanaPort, "/api/health", cancellationToken: cancellationToken).ConfigureAwait(false);
        if (!health.IsSuccess || health.ReadJson().Text("database") is not { } database)
            throw new InconclusiveException($"{health.Target} answered {(int)health.StatusCode}: {ValidationContext.Start(health.Text)}");
        if (database != "ok")
            return [$"Grafana's database is {database}"];
        // Grafana shows its dashboards to those who sign in; what it could not load it says in its log.
        var log = await context.Connection.ReadLogAsync(@namespace, pod, new PodLogOptions { LimitBytes = context.Options.LogLimit }, cancellationToken).ConfigureAwait(false);
        return log.Split('\n').Where(l => l.Contains("level=error", StringComparison.Ordinal) && l.Contains("provisioning", StringComparison.Ordinal)).Take(3)
            .Select(l => $"Grafana could not load what was provisioned: {ValidationContext.Start(l)}");
    }

    /// <summary>Expressions of all panels. Annotations mark what may never happen, such as alerts, and are empty on a good day.</summary>
    private static IEnumerable<(string Panel, string Expression)> Queries(JsonNode dashboard) =>
        from panel in dashboard.Items("panels").Concat(dashboard.Items("panels").SelectMany(p => p.Items("panels")))
        from target in panel.Items("targets")
        where target.Text("expr") is { Length: > 0 }
        select (panel.Text("title") ?? "?", target.Text("expr")!);

    /// <summary>Grafana's variables as it fills them in for this namespace; five minutes hold at least four scrapes of any interval up to a minute.</summary>
    private static string Fill(string expression, string @namespace) =>
        expression.Replace("$namespace", @namespace, StringComparison.Ordinal).Replace("$__rate_interval", "5m", StringComparison.Ordinal);

    private static TimeSpan Interval(string text) => TimeSpan.FromSeconds(int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) * (text[^1] == 'm' ? 60 : 1));
}
