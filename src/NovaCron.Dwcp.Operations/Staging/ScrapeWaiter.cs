using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Waits until the bundled Prometheus has read metrics of every node and guardian pod: monitoring that sees nothing is none.</summary>
internal sealed class ScrapeWaiter(ClusterConnection connection, string @namespace, string monitoringNamespace, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <returns>How many pods are scraped.</returns>
    public async Task<int> WaitAsync(TimeSpan limit, Action<string> report, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var wanted = new HashSet<string>(StringComparer.Ordinal);
            foreach (var app in new[] { "dwcp-v3", "dwcp-v3-guardian" })
            {
                var pods = await connection.ListAsync(ClusterResource.Pod, @namespace, $"app={app}", cancellationToken: cancellationToken).ConfigureAwait(false);
                wanted.UnionWith(pods.Where(WorkloadWaiter.IsReady).Select(p => p["metadata"]!["name"]!.ToString()));
            }

            var (up, problem) = await AskAsync(cancellationToken).ConfigureAwait(false);
            wanted.ExceptWith(up);
            if (wanted.Count == 0 && up.Count > 0)
                return up.Count;
            var waiting = problem ?? $"Prometheus does not scrape yet: {string.Join(", ", wanted.Order(StringComparer.Ordinal))}";
            if (time.GetElapsedTime(started) > limit)
            {
                throw new DwcpStagingException(StagingStage.Monitoring, $"Prometheus in namespace {monitoringNamespace}",
                    string.Create(CultureInfo.InvariantCulture, $"after {limit.TotalSeconds:0} s: {waiting}"),
                    "Look at its targets page: NetworkPolicies dwcp-v3-node and dwcp-prometheus must let it through, Role dwcp-v3-prometheus must let it list pods.");
            }

            report(waiting);
            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(HashSet<string> Up, string? Problem)> AskAsync(CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var pods = await connection.ListAsync(ClusterResource.Pod, monitoringNamespace, "app=prometheus", cancellationToken: cancellationToken).ConfigureAwait(false);
        if (pods.FirstOrDefault(WorkloadWaiter.IsReady)?["metadata"]?["name"]?.ToString() is not { } prometheus)
            return (names, "no Prometheus pod is ready");
        try
        {
            var query = Uri.EscapeDataString($"up{{job=\"dwcp-v3\", namespace=\"{@namespace}\"}} == 1");
            var answer = await connection.GetFromPodAsync(monitoringNamespace, prometheus, 9090, $"/api/v1/query?query={query}", cancellationToken: cancellationToken).ConfigureAwait(false);
            foreach (var series in (answer.ReadJson()["data"]?["result"] as JsonArray ?? []).OfType<JsonObject>())
                names.Add(series["metric"]?["pod"]?.ToString() ?? "");
            return (names, null);
        }
        catch (DwcpClusterException e) when (e.Failure is ClusterFailure.Unreachable or ClusterFailure.Timeout or ClusterFailure.ServerError or ClusterFailure.Invalid)
        {
            return (names, e.What);
        }
    }
}
