using System.Net;
using NovaCron.Dwcp.Node.Guarding;
using NovaCron.Dwcp.Node.Tests.Metrics;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Guarding;

public sealed class GuardHostTests
{
    [Fact]
    public async Task It_answers_its_probes_and_stays_alive_without_an_api_server()
    {
        await using var cluster = await FakeApiServer.StartAsync();
        cluster.SetOutage(true);
        using var pod = cluster.CreatePod();
        pod.Environment["DWCP_POD_NAME"] = "dwcp-v3-guardian-0";
        await using var guard = await GuardHost.StartAsync(pod.ReadOptions(), new LogLines(), TimeProvider.System);
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"http://{guard.HttpEndPoint}/health")).StatusCode);
        // It never reached the API server, so it is not ready; restarting it would not help.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync($"http://{guard.HttpEndPoint}/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"http://{guard.HttpEndPoint}/metrics")).StatusCode);
        var scrape = Exposition.Parse(await http.GetStringAsync($"http://{guard.MetricsEndPoint}/metrics"));
        Assert.Equal(0, scrape.Samples["dwcp_guardian_leader"]);
        Assert.True(double.IsNaN(scrape.Samples["dwcp_guardian_last_success_timestamp_seconds"]));
        await guard.StopAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync($"http://{guard.HttpEndPoint}/health")).StatusCode);
    }

    [Fact]
    public async Task A_missing_service_account_is_an_error_that_names_it()
    {
        using var pod = new TestPod();
        File.Delete(Path.Combine(pod.Paths.ServiceAccount, "ca.crt"));
        var error = await Assert.ThrowsAsync<DwcpNodeException>(() => GuardHost.StartAsync(pod.ReadOptions(), new LogLines(), TimeProvider.System));
        Assert.Contains("ca.crt", error.Message);
    }
}
