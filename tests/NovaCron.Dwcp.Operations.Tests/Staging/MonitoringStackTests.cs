using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Tests.Support;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>Debian's Prometheus and Alertmanager as pods of the rehearsal, deployed by the same manifests as anywhere.</summary>
[Collection(RealTime.Name)]
public sealed class MonitoringStackTests(ITestOutputHelper output)
{
    private const int Seconds = 120;

    [Fact]
    public async Task The_bundled_stack_scrapes_every_pod_every_panel_has_data_and_an_alert_reaches_Alertmanager()
    {
        foreach (var program in new[] { "prometheus", "prometheus-alertmanager" })
        {
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => File.Exists(Path.Combine(d, program))))
                Assert.Skip($"{program} is not installed (Debian packages prometheus and prometheus-alertmanager): the monitoring stack is NOT tested here");
        }

        var token = TestContext.Current.CancellationToken;
        await using var cluster = await RehearsalCluster.StartAsync(new RehearsalOptions { CrashBackOff = TimeSpan.FromMilliseconds(100) }, token);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
        var service = new StagingService(connection);
        // There is no Grafana for Debian; its dashboard's queries are asked one by one below.
        var values = new StagingValues
        {
            Monitoring = new MonitoringValues { Stack = "Bundled", Grafana = false, ScrapeInterval = "1s" },
            Node = new NodeValues { CpuRequest = "2" },
        };
        var plan = await service.DeployAsync(new StagingOptions { WhatIf = true, Values = values }, null, token);
        Assert.Contains(plan.Changed, c => c.ToString() == "Deployment monitoring/prometheus created");
        DwcpStaging staging;
        try
        {
            staging = await service.DeployAsync(new StagingOptions { Values = values, ReadyTimeout = TimeSpan.FromMinutes(3) }, null, token);
        }
        catch (DwcpStagingException)
        {
            // Prometheus itself knows best.
            foreach (var pod in await connection.ListAsync(ClusterResource.Pod, "monitoring", "app=prometheus", cancellationToken: token))
                output.WriteLine(await connection.ReadLogAsync("monitoring", pod["metadata"]!["name"]!.ToString(), new PodLogOptions { TailLines = 30 }, token));
            throw;
        }

        var monitoring = staging.Stages.Single(s => s.Stage == StagingStage.Monitoring);
        output.WriteLine($"{monitoring.Duration.TotalSeconds:0.0} s: {monitoring.Message}");
        Assert.EndsWith("Prometheus scrapes 4 pods", monitoring.Message);
        Assert.Empty((await service.DeployAsync(new StagingOptions { Values = values }, null, token)).Changed);

        var access = await ClientAccess.ReadAsync(connection, "staging", token);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(access.CertificateAuthority);
        await using var traffic = new TrafficGenerator(new TrafficOptions { Target = new Uri($"dwcp://{access.DataAddress}"), ApiKey = access.ApiKey, TrustedCertificates = authorities, Rate = 10, Seed = 4 });
        traffic.Start();

        var prometheus = await PodAsync(connection, "prometheus", token);
        var dashboard = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(RepositoryRoot(), "module", "assets", "grafana", "dwcp-v3-deployment.json"), token))!;
        var queries = dashboard["panels"]!.AsArray().SelectMany(p => p!["targets"]!.AsArray().Select(t => (Title: p["title"]!.ToString(), Query: t!["expr"]!.ToString()))).ToList();
        Assert.True(queries.Count >= 14);
        queries.Add(("Deployments", dashboard["annotations"]!["list"]![0]!["expr"]!.ToString()));
        queries.Add(("Namespaces", "group by (namespace) (dwcp_build_info)"));
        foreach (var (title, query) in queries)
        {
            var series = 0;
            await UntilAsync($"panel '{title}' has data: {query}", async () => (series = await SeriesAsync(connection, prometheus, query, token)) > 0);
            output.WriteLine($"{title}: {series} series");
        }

        // The guardian's second source: the same numbers as the pods' own, a scrape old at most.
        using var http = new HttpClient();
        var reader = new PrometheusReader(http);
        var address = (await connection.ListAsync(ClusterResource.Pod, "monitoring", "app=prometheus", cancellationToken: token)).Single()["status"]!["podIP"]!.ToString();
        var nodes = new KubernetesRolloutCluster(connection, "staging");
        var known = "";
        IReadOnlyDictionary<string, PrometheusPod> pods = new Dictionary<string, PrometheusPod>();
        try
        {
            await UntilAsync("Prometheus knows both nodes' requests", async () =>
            {
                pods = (await reader.ReadAsync(new Uri($"http://{address}:9090/"), "staging", token)).Pods;
                known = string.Join("; ", pods.Select(pod => $"{pod.Key}: {pod.Value.Metrics?.V1.Judged} requests, {pod.Value.Age.TotalSeconds:0} s old, {pod.Value.Problem}"));
                return pods.Count(pod => pod.Value is { Metrics.V1.Judged: > 0 } && pod.Value.Age < TimeSpan.FromSeconds(30)) == 2;
            });
        }
        finally
        {
            output.WriteLine($"Prometheus knows {known}; traffic: {traffic.GetSnapshot()}");
        }

        foreach (var pod in await nodes.ListPodsAsync(token))
        {
            var own = NodeMetrics.Parse((await nodes.GetFromPodAsync(pod, RolloutNames.MetricsPort, "/metrics", token)).Body);
            Assert.True(own.V1.IsContinuationOf(pods[pod.Name].Metrics!.V1));
            Assert.Equal(own.ComponentHealth.Keys.Order(), pods[pod.Name].Metrics!.ComponentHealth.Keys.Order());
        }

        // A pod that dies three times: the rule, the way to Alertmanager, and its route.
        var victim = (await connection.ListAsync(ClusterResource.Pod, "staging", "app=dwcp-v3", cancellationToken: token))[0]["metadata"]!["name"]!.ToString();
        for (var n = 1; n <= 3; n++)
        {
            await UntilAsync("the pod runs", async () => await SeriesAsync(connection, prometheus, $"up{{pod=\"{victim}\"}} == 1", token, instant: true) > 0);
            await cluster.Faults.KillPodAsync("staging", victim, token);
            await UntilAsync($"restart {n} is seen", async () => await SeriesAsync(connection, prometheus, $"changes(process_start_time_seconds{{pod=\"{victim}\"}}[15m]) >= {n}", token, instant: true) > 0);
        }

        var alertmanager = await PodAsync(connection, "alertmanager", token);
        JsonNode? alert = null;
        await UntilAsync("the alert is at Alertmanager", async () =>
        {
            var answer = await connection.GetFromPodAsync("monitoring", alertmanager, 9093, "/api/v2/alerts", cancellationToken: token);
            alert = JsonNode.Parse(answer.Text)!.AsArray().FirstOrDefault(a => a!["labels"]!["alertname"]!.ToString() == "DwcpCrashLoop");
            return alert is not null;
        });
        Assert.Equal(victim, alert!["labels"]!["pod"]!.ToString());
        Assert.Equal("critical", alert["labels"]!["severity"]!.ToString());
        Assert.Equal("pagerduty", alert["receivers"]![0]!["name"]!.ToString());
        Assert.Contains("kubectl logs --previous", alert["annotations"]!["action"]!.ToString());
        var annotation = dashboard["annotations"]!["list"]![1]!["expr"]!.ToString();
        await UntilAsync("the dashboard marks the alert", async () => await SeriesAsync(connection, prometheus, annotation, token) > 0);
    }

    private static async Task<string> PodAsync(ClusterConnection connection, string app, CancellationToken token) =>
        (await connection.ListAsync(ClusterResource.Pod, "monitoring", $"app={app}", cancellationToken: token)).Single()["metadata"]!["name"]!.ToString();

    /// <summary>How many series a query has over the last minutes (or now), with Grafana's variables filled in.</summary>
    private static async Task<int> SeriesAsync(ClusterConnection connection, string prometheus, string query, CancellationToken token, bool instant = false)
    {
        var text = Uri.EscapeDataString(query.Replace("$namespace", "staging", StringComparison.Ordinal).Replace("$__rate_interval", "1m", StringComparison.Ordinal));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var path = instant ? $"/api/v1/query?query={text}" : string.Create(CultureInfo.InvariantCulture, $"/api/v1/query_range?query={text}&start={now - 300}&end={now}&step=2");
        var answer = (await connection.GetFromPodAsync("monitoring", prometheus, 9090, path, timeout: TimeSpan.FromSeconds(30), cancellationToken: token)).ReadJson();
        Assert.True(answer["status"]!.ToString() == "success", $"{query}: {answer["error"]}");
        // A NaN in each point is as empty as no series.
        return answer["data"]!["result"]!.AsArray().Count(s => instant || s!["values"]!.AsArray().Any(v => v![1]!.ToString() != "NaN"));
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(Seconds));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"not within {Seconds} s: {what}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "NovaCron.Dwcp.sln")))
            directory = directory.Parent!;
        return directory.FullName;
    }
}
