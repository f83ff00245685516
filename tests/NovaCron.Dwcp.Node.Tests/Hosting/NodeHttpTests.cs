using System.Net;
using System.Net.Http.Json;
using System.Text;
using NovaCron.Dwcp.Node.Tests.Metrics;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Hosting;

public sealed class NodeHttpTests : IAsyncLifetime
{
    private RunningNode _running = null!;

    public async ValueTask InitializeAsync() => _running = await RunningNode.StartAsync();

    public ValueTask DisposeAsync() => _running.DisposeAsync();

    [Fact]
    public async Task Health_and_readiness_say_why()
    {
        var (status, health) = await _running.AskAsync(HttpMethod.Get, _running.Node.HttpEndPoint, "/health");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("ok", (string?)health["status"]);
        Assert.Contains(health["loops"]!.AsArray(), loop => (string?)loop!["name"] == "flags");
        (status, var ready) = await _running.AskAsync(HttpMethod.Get, _running.Node.HttpEndPoint, "/ready");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["components", "flags", "secrets", "sessions", "store"], ready["conditions"]!.AsObject().Select(condition => condition.Key));
    }

    [Fact]
    public async Task A_session_is_opened_by_version_and_address_alone()
    {
        await _running.SetPercentAsync(100);
        Assert.Equal(3, await OpenAsync("[1,3]"));
        Assert.Equal(1, await OpenAsync("[1]"));
        await _running.SetPercentAsync(0);
        Assert.Equal(1, await OpenAsync("[1,3]"));
        var (status, _) = await PostSessionAsync("""{"clientId":"c","versions":[3]}""");
        Assert.Equal(HttpStatusCode.Conflict, status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"clientId":"","versions":[1]}""")]
    [InlineData("""{"clientId":"c","versions":[]}""")]
    [InlineData("""{"clientId":7,"versions":[1]}""")]
    [InlineData("not json")]
    public async Task A_malformed_session_request_is_the_client_s_error(string body)
    {
        var (status, answer) = await PostSessionAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("clientId", (string?)answer["error"]);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        using var client = new HttpClient();
        var response = await client.PostAsync($"http://{_running.Node.HttpEndPoint}/sessions", new StringContent(new string('x', 100_000)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Each_port_serves_its_own_paths_only()
    {
        foreach (var (end, path) in new[]
        {
            (_running.Node.HttpEndPoint, "/flags"), (_running.Node.HttpEndPoint, "/metrics"), (_running.Node.HttpEndPoint, "/diagnostics/components"),
            (_running.Node.AdminEndPoint, "/sessions"), (_running.Node.AdminEndPoint, "/metrics"), (_running.Node.MetricsEndPoint, "/flags"), (_running.Node.MetricsEndPoint, "/health"),
        })
        {
            // A forged Host header changes nothing: the socket decides.
            using var client = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{end}{path}");
            request.Headers.Host = _running.Node.AdminEndPoint.ToString();
            Assert.Equal(HttpStatusCode.NotFound, (await client.SendAsync(request)).StatusCode);
        }

        using var wrong = new HttpClient();
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await wrong.GetAsync($"http://{_running.Node.HttpEndPoint}/sessions")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await wrong.PostAsync($"http://{_running.Node.AdminEndPoint}/flags", null)).StatusCode);
    }

    [Fact]
    public async Task Flags_show_what_is_in_force_and_since_when()
    {
        await _running.SetPercentAsync(10);
        var (status, flags) = await _running.AdminAsync(HttpMethod.Get, "/flags", key: null);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(10, (int?)flags["flag"]);
        Assert.Equal(100, (int?)flags["ceiling"]);
        Assert.Equal(10, (int?)flags["effective"]);
        Assert.Equal(_running.Cluster.Revision, (string?)flags["revision"]);
        Assert.False((bool?)flags["draining"]);
        Assert.NotNull(flags["appliedAt"]);
        Assert.Equal(0, (int?)flags["sessions"]!["v3"]!["started"]);
        Assert.Equal(0, (int?)flags["sessions"]!["canary"]!["active"]);
    }

    [Theory]
    [InlineData("GET", "/diagnostics/components")]
    [InlineData("GET", "/diagnostics/connectivity")]
    [InlineData("GET", "/diagnostics/configuration")]
    [InlineData("GET", "/diagnostics/peers")]
    [InlineData("POST", "/diagnostics/selftest?component=AMST")]
    [InlineData("POST", "/diagnostics/benchmark?kind=memory")]
    [InlineData("POST", "/drain")]
    public async Task What_costs_or_changes_needs_the_diagnostics_key(string method, string path)
    {
        foreach (var key in (string?[])[null, "", "wrong", _running.Pod.ApiKey, _running.Pod.DiagnosticsKey + "x"])
        {
            var (status, answer) = await _running.AdminAsync(new HttpMethod(method), path, key);
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.DoesNotContain(_running.Pod.DiagnosticsKey, answer.ToJsonString());
        }

        Assert.True(_running.Node.IsReady);
        Assert.DoesNotContain(_running.Pod.DiagnosticsKey, _running.Log.Text);
    }

    [Fact]
    public async Task Six_components_are_tested_and_have_metrics()
    {
        await Eventually.TrueAsync(async () => (await ComponentsAsync()).All(component => (string?)component["health"] == "ok"), "all six pass their self-tests", 60, () => _running.Log.Text);
        var components = await ComponentsAsync();
        Assert.Equal(["AMST", "HDE", "PBA", "ASS", "ACP", "ITP"], components.Select(component => (string?)component["name"]));
        Assert.All(components, component => Assert.True(component["metrics"]!.AsArray().Count >= 2));
        var scrape = Exposition.Parse(await _running.ScrapeAsync());
        foreach (var name in (string[])["AMST", "HDE", "PBA", "ASS", "ACP", "ITP"])
        {
            Assert.Equal(1, scrape.Samples[$$"""dwcp_component_health{component="{{name}}"}"""]);
            Assert.True(scrape.Types.Keys.Count(family => family.StartsWith($"dwcp_{name.ToLowerInvariant()}_", StringComparison.Ordinal)) >= 2, name);
        }

        var (status, tested) = await _running.AdminAsync(HttpMethod.Post, "/diagnostics/selftest?component=amst", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True((bool?)tested["lastSelfTest"]!["passed"]);
        (status, _) = await _running.AdminAsync(HttpMethod.Post, "/diagnostics/selftest?component=nothing", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    [Fact]
    public async Task Connectivity_is_tried_against_the_fixed_list()
    {
        var (status, answer) = await _running.AdminAsync(HttpMethod.Get, "/diagnostics/connectivity?target=example.org", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        var targets = answer["targets"]!.AsArray().ToDictionary(target => (string)target!["target"]!, target => (bool)target!["ok"]!);
        Assert.Equal(["redis", "dns", "api-server", "store"], targets.Keys);
        Assert.True(targets["api-server"]);
        Assert.True(targets["store"]);
    }

    [Fact]
    public async Task The_configuration_shows_no_secret()
    {
        var (status, answer) = await _running.AdminAsync(HttpMethod.Get, "/diagnostics/configuration", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("staging", (string?)answer["namespace"]);
        Assert.False((bool?)answer["rehearsal"]);
        var text = answer.ToJsonString();
        foreach (var file in Directory.GetFiles(_running.Pod.Paths.Secrets))
        {
            foreach (var line in File.ReadAllLines(file).Where(line => line.Length > 20)) Assert.DoesNotContain(line, text);
        }
    }

    [Fact]
    public async Task Benchmarks_measure_and_run_one_at_a_time()
    {
        var (status, answer) = await _running.AdminAsync(HttpMethod.Post, "/diagnostics/benchmark?kind=codec&level=fast", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True((double?)answer["bytesPerSecond"] > 0);
        Assert.InRange((double)answer["figures"]!["percentSaved"]!, 1, 99);
        (status, answer) = await _running.AdminAsync(HttpMethod.Post, "/diagnostics/benchmark?kind=rm", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        // Asked again until one met another: on a busy machine four may run one after the other.
        await Eventually.TrueAsync(
            async () =>
            {
                var four = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _running.AdminAsync(HttpMethod.Post, "/diagnostics/benchmark?kind=memory", _running.Pod.DiagnosticsKey)));
                return four.Any(one => one.Status == HttpStatusCode.OK) && four.Any(one => one.Status == HttpStatusCode.Conflict);
            },
            "one runs and another is turned away");
    }

    [Fact]
    public async Task The_transfer_benchmark_is_a_canary_and_leaves_nothing_behind()
    {
        var (status, answer) = await _running.AdminAsync(HttpMethod.Post, "/diagnostics/benchmark?kind=transfer&level=store", _running.Pod.DiagnosticsKey);
        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        Assert.Equal(3, (int?)answer["figures"]!["version"]);
        var scrape = Exposition.Parse(await _running.ScrapeAsync());
        Assert.True(scrape.Samples["""dwcp_sessions_started_total{version="canary"}"""] >= 1);
        Assert.Equal(0, scrape.Samples["""dwcp_sessions_started_total{version="v3"}"""]);
        Assert.True(double.IsNaN(scrape.Samples["dwcp_error_rate"]));
    }

    [Fact]
    public async Task The_whole_exposition_is_well_formed_and_has_the_contract_s_families()
    {
        await _running.SetPercentAsync(10);
        var scrape = Exposition.Parse(await _running.ScrapeAsync());
        Assert.Equal(10, scrape.Samples["dwcp_v3_rollout_percentage"]);
        Assert.Equal(double.Parse(_running.Cluster.Revision, System.Globalization.CultureInfo.InvariantCulture), scrape.Samples["dwcp_flag_revision"]);
        Assert.InRange(scrape.Samples["dwcp_flag_staleness_seconds"], 0, 60);
        Assert.Equal(0, scrape.Samples["dwcp_flag_errors_total"]);
        Assert.Equal(1, scrape.Samples["dwcp_ready"]);
        Assert.True(scrape.Types.Keys.Count(family => family.StartsWith("dwcp_", StringComparison.Ordinal)) >= 25);
    }

    [Fact]
    public async Task Asked_to_drain_it_is_not_ready_at_once_and_opens_no_session()
    {
        var (status, _) = await _running.AdminAsync(HttpMethod.Post, "/drain", _running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.Accepted, status);
        (status, var ready) = await _running.AskAsync(HttpMethod.Get, _running.Node.HttpEndPoint, "/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.True((bool?)ready["draining"]);
        (status, _) = await PostSessionAsync("""{"clientId":"c","versions":[1]}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        (status, _) = await _running.AskAsync(HttpMethod.Get, _running.Node.HttpEndPoint, "/health");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    private async Task<IReadOnlyList<System.Text.Json.Nodes.JsonObject>> ComponentsAsync()
    {
        var (_, answer) = await _running.AdminAsync(HttpMethod.Get, "/diagnostics/components", _running.Pod.DiagnosticsKey);
        return [.. answer["components"]!.AsArray().Select(component => component!.AsObject())];
    }

    private async Task<int> OpenAsync(string versions)
    {
        var (status, answer) = await PostSessionAsync($$"""{"clientId":"client-1","versions":{{versions}}}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(_running.Node.DataEndPoint.ToString(), (string?)answer["address"]);
        Assert.Equal(["version", "address"], answer.Select(property => property.Key));
        return (int)answer["version"]!;
    }

    private Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonObject Body)> PostSessionAsync(string body) =>
        _running.AskAsync(HttpMethod.Post, _running.Node.HttpEndPoint, "/sessions", content: new StringContent(body, Encoding.UTF8, "application/json"));
}
