using System.Net;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Pods and Prometheus side by side: one stands in for the other, and a difference holds the phase.</summary>
public sealed class MetricSourceTests
{
    private const string Address = "http://prometheus.monitoring:9090";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_Prometheus_that_agrees_changes_nothing()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(100, prometheus: Address);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, 10 * Minute));
        Assert.Equal("True", Condition(scenario, "SourcesAgree")!.Status);
        Assert.Equal("True", Condition(scenario, "PrometheusAvailable")!.Status);
    }

    [Fact]
    public async Task A_Prometheus_that_is_gone_is_told_and_the_pods_are_judged()
    {
        var scenario = new RolloutScenario();
        scenario.Cluster.Prometheus = () => throw new DwcpMetricsException("Prometheus could not be asked: connection refused");
        await scenario.AskAsync(10, prometheus: Address);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
        Assert.Equal("False", Condition(scenario, "PrometheusAvailable")!.Status);
        scenario.V3FailShare = 0.5;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, Minute));
    }

    [Fact]
    public async Task Prometheus_stands_in_for_a_pod_that_gives_no_metrics()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10, prometheus: Address, missingMetrics: TimeSpan.FromSeconds(20));
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.Nodes[0].MetricsGone = true;
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, 2 * Minute));
        Assert.Equal("True", Condition(scenario, "MetricsAvailable")!.Status);
        // A fault that only Prometheus sees.
        scenario.Cluster.Nodes[1].MetricsGone = true;
        scenario.V3FailShare = 0.5;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, Minute));
        Assert.Equal("ErrorRate", scenario.Status.History.Single(entry => entry.Reason is "ErrorRate" or "MetricsMissing").Reason);
    }

    [Theory]
    [InlineData("stale")]
    [InlineData("more")]
    [InlineData("absent")]
    [InlineData("behind")]
    public async Task A_difference_holds_the_phase_and_rolls_nothing_back(string kind)
    {
        var scenario = new RolloutScenario();
        // The phase lasts longer than Prometheus may need to find the pods.
        await scenario.AskAsync(100, prometheus: Address, minimumRequests: 400);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 10, Minute));
        var old = scenario.Cluster.Scrape(TimeSpan.Zero);
        scenario.Cluster.Prometheus = kind switch
        {
            "stale" => () => scenario.Cluster.Scrape(TimeSpan.FromMinutes(3)),
            "more" => () => new PrometheusReading(scenario.Cluster.Scrape(TimeSpan.Zero).Pods.ToDictionary(pod => pod.Key, pod => pod.Value with
            {
                Metrics = pod.Value.Metrics! with { V3 = pod.Value.Metrics!.V3 with { ServerErrors = pod.Value.Metrics!.V3.ServerErrors + 7 } },
            })),
            "absent" => () => new PrometheusReading(new Dictionary<string, PrometheusPod>()),
            _ => () => old,
        };
        Assert.False(await scenario.RunUntilAsync(() => scenario.Cluster.Flag != 10, 6 * Minute));
        Assert.Equal("False", Condition(scenario, "SourcesAgree")!.Status);
        Assert.Contains("differ", scenario.Status.Message);
        Assert.Single(scenario.Status.History, entry => entry.Reason == "SourcesDiffer");
        scenario.Cluster.Prometheus = null;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 50, 3 * Minute));
    }

    [Fact]
    public async Task Stale_numbers_of_Prometheus_stand_in_for_nobody()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10, prometheus: Address, missingMetrics: TimeSpan.FromSeconds(30));
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.Prometheus = () => scenario.Cluster.Scrape(TimeSpan.FromMinutes(3));
        scenario.Cluster.Nodes[0].MetricsGone = true;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Frozen, Minute));
        Assert.True(await scenario.RunUntilAsync(() => scenario.Cluster.Flag == 0, Minute));
    }

    [Theory]
    [InlineData("""{"status":"error","error":"bad query"}""", "bad query")]
    [InlineData("""{"status":"success","data":{"resultType":"matrix","result":[]}}""", "instant vector")]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{"pod":"a"},"value":[1,"x"]}]}}""", "the value 'x'")]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":1}]}}""", "could not be asked")]
    [InlineData("""{"status":"success"}""", "could not be asked")]
    [InlineData("[]", "could not be asked")]
    [InlineData("<html>", "could not be asked")]
    public async Task An_answer_that_is_none_is_an_error_and_never_a_number(string body, string expected)
    {
        using var http = new HttpClient(new Answer(body));
        var error = await Assert.ThrowsAsync<DwcpMetricsException>(() => new PrometheusReader(http).ReadAsync(new Uri(Address), "staging", TestContext.Current.CancellationToken));
        Assert.Contains(expected, error.Message);
    }

    private static k8s.Models.V1Condition? Condition(RolloutScenario scenario, string type) => scenario.Status.Conditions.SingleOrDefault(condition => condition.Type == type);

    private sealed class Answer(string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body) });
    }
}
