using System.Diagnostics;
using System.Net;
using System.Text;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Node.Metrics;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Tests.Metrics;

public sealed class NodeMetricsTests : IDisposable
{
    private readonly TestPod _pod = new();
    private readonly ManualTime _time = new();
    private readonly NodeMetrics _metrics;

    private readonly LogLines _log = new();

    public NodeMetricsTests() => _metrics = new NodeMetrics(_pod.ReadOptions(), _time, _log);

    public void Dispose() => _pod.Dispose();

    [Fact]
    public async Task The_contract_s_families_have_their_names_types_and_labels_from_the_start()
    {
        foreach (var component in CodecComponents.All) _metrics.AddComponent(component);
        _metrics.SetComponentHealth("AMST", true);
        var scrape = await ScrapeAsync();
        foreach (var (family, type) in new Dictionary<string, string>
        {
            ["dwcp_requests_total"] = "counter", ["dwcp_request_duration_seconds"] = "histogram", ["dwcp_transfer_bytes_total"] = "counter", ["dwcp_corruption_total"] = "counter",
            ["dwcp_sessions_started_total"] = "counter", ["dwcp_sessions_active"] = "gauge", ["dwcp_error_rate"] = "gauge", ["dwcp_latency_p99_ms"] = "gauge",
            ["dwcp_throughput_bytes"] = "gauge", ["dwcp_compression_ratio"] = "gauge", ["dwcp_component_health"] = "gauge", ["dwcp_build_info"] = "gauge",
        })
            Assert.Equal(type, scrape.Types[family]);
        foreach (var version in (string[])["v1", "v3", "canary"])
        {
            foreach (var outcome in (string[])["ok", "client_error", "server_error"])
                Assert.Equal(0, scrape.Samples[$$"""dwcp_requests_total{version="{{version}}",outcome="{{outcome}}"}"""]);
            foreach (var bound in (string[])["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"])
                Assert.Equal(0, scrape.Samples[$$"""dwcp_request_duration_seconds_bucket{version="{{version}}",le="{{bound}}"}"""]);
            Assert.Equal(0, scrape.Samples[$$"""dwcp_transfer_bytes_total{version="{{version}}",kind="raw"}"""]);
            Assert.Equal(0, scrape.Samples[$$"""dwcp_sessions_active{version="{{version}}"}"""]);
        }

        Assert.Equal(1, scrape.Samples["""dwcp_component_health{component="AMST"}"""]);
        foreach (var prefix in (string[])["dwcp_amst_", "dwcp_hde_", "dwcp_pba_"]) Assert.True(scrape.Types.Keys.Count(name => name.StartsWith(prefix, StringComparison.Ordinal)) >= 2, prefix);
    }

    [Fact]
    public async Task Without_requests_the_gauges_are_not_a_number_rather_than_good()
    {
        var scrape = await ScrapeAsync();
        Assert.True(double.IsNaN(scrape.Samples["dwcp_error_rate"]));
        Assert.True(double.IsNaN(scrape.Samples["dwcp_latency_p99_ms"]));
        Assert.True(double.IsNaN(scrape.Samples["dwcp_compression_ratio"]));
    }

    [Fact]
    public async Task The_gauges_are_those_of_the_last_minute()
    {
        for (var i = 0; i < 100; i++) Complete(RequestOutcome.ServerError, 400);
        Seconds(120);
        for (var i = 0; i < 98; i++) Complete(RequestOutcome.Ok, 3);
        Complete(RequestOutcome.ClientError, 3);
        Complete(RequestOutcome.ServerError, 200);
        _metrics.BytesMoved(VersionLabel.V3, 6_000_000, 1_500_000);
        Seconds(30);
        var scrape = await ScrapeAsync();
        Assert.Equal(1.0, scrape.Samples["dwcp_error_rate"], 6);
        // 99 of 100 lie in (2.5, 5] ms, the 99th at its upper end.
        Assert.Equal(5.0, scrape.Samples["dwcp_latency_p99_ms"], 6);
        Assert.Equal(100_000, scrape.Samples["dwcp_throughput_bytes"], 0);
        Assert.Equal(75, scrape.Samples["dwcp_compression_ratio"], 6);
        Assert.Equal(101, scrape.Samples["""dwcp_requests_total{version="v3",outcome="server_error"}"""]);
        Seconds(61);
        scrape = await ScrapeAsync();
        Assert.True(double.IsNaN(scrape.Samples["dwcp_error_rate"]));
        Assert.Equal(0, scrape.Samples["dwcp_throughput_bytes"]);
    }

    [Fact]
    public async Task A_canary_is_counted_under_its_own_label_and_is_in_no_gauge()
    {
        _metrics.RequestCompleted(VersionLabel.Canary, RequestKind.Commit, RequestOutcome.ServerError, TimeSpan.FromSeconds(1));
        var scrape = await ScrapeAsync();
        Assert.Equal(1, scrape.Samples["""dwcp_requests_total{version="canary",outcome="server_error"}"""]);
        Assert.True(double.IsNaN(scrape.Samples["dwcp_error_rate"]));
    }

    [Fact]
    public async Task Sessions_are_counted_as_they_begin_and_end()
    {
        var session = new SessionInfo("s", VersionLabel.V3, "default", "c", new IPEndPoint(IPAddress.Loopback, 1), _time.GetUtcNow());
        _metrics.SessionStarted(session);
        _metrics.SessionStarted(session);
        _metrics.SessionEnded(session, new IOException("gone"));
        var scrape = await ScrapeAsync();
        Assert.Equal(2, scrape.Samples["""dwcp_sessions_started_total{version="v3"}"""]);
        Assert.Equal(1, scrape.Samples["""dwcp_sessions_active{version="v3"}"""]);
        Assert.Equal(1, scrape.Samples["""dwcp_sessions_broken_total{version="v3"}"""]);
        Assert.Equal(1, _metrics.Sessions.Active(VersionLabel.V3));
    }

    [Fact]
    public void A_flood_of_failures_is_logged_by_example_and_number()
    {
        for (var i = 0; i < 500; i++) Complete(RequestOutcome.ServerError, 1);
        Seconds(1);
        Assert.Equal(11, _log.Lines.Count);
        Assert.Contains("490 more requests failed", _log.Text);
    }

    [Fact]
    public async Task Frozen_metrics_stand_still()
    {
        await ScrapeAsync();
        _metrics.Frozen = true;
        Complete(RequestOutcome.Ok, 1);
        Assert.Equal(0, (await ScrapeAsync()).Samples["""dwcp_requests_total{version="v3",outcome="ok"}"""]);
        _metrics.Frozen = false;
        Assert.Equal(1, (await ScrapeAsync()).Samples["""dwcp_requests_total{version="v3",outcome="ok"}"""]);
    }

    [Fact]
    public async Task Promtool_finds_nothing_wrong()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "promtool (Debian package prometheus) is not installed.");
        foreach (var component in CodecComponents.All) _metrics.AddComponent(component);
        Complete(RequestOutcome.Ok, 1);
        var start = new ProcessStartInfo("/usr/bin/promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        using var promtool = Process.Start(start)!;
        await promtool.StandardInput.BaseStream.WriteAsync(await _metrics.ExportAsync(CancellationToken.None));
        promtool.StandardInput.Close();
        var complaints = (await promtool.StandardError.ReadToEndAsync() + await promtool.StandardOutput.ReadToEndAsync())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("dwcp_", StringComparison.Ordinal))
            // The contract's name has its unit abbreviated.
            .Where(line => !line.StartsWith("dwcp_latency_p99_ms", StringComparison.Ordinal));
        Assert.Empty(complaints);
    }

    private void Complete(RequestOutcome outcome, double milliseconds) =>
        _metrics.RequestCompleted(VersionLabel.V3, RequestKind.ChunkBatch, outcome, TimeSpan.FromMilliseconds(milliseconds));

    private void Seconds(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _metrics.Sample();
        }
    }

    private async Task<Exposition> ScrapeAsync() => Exposition.Parse(Encoding.UTF8.GetString(await _metrics.ExportAsync(CancellationToken.None)));
}
