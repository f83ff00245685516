using System.Security.Cryptography;
using NovaCron.Dwcp.Node.Tests.Metrics;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Node.Tests.Hosting;

public sealed class NodeSessionTests
{
    private readonly byte[] _payload = RandomNumberGenerator.GetBytes(300_000);

    [Fact]
    public async Task The_flag_decides_the_version_and_every_version_reads_what_the_other_wrote()
    {
        await using var running = await RunningNode.StartAsync();
        await using var client = running.CreateClient();
        var first = await client.SendAsync(running.RequestFor("a"), TransferSource.FromMemory(_payload));
        Assert.Equal(1, first.Version);
        await running.SetPercentAsync(100);
        var second = await client.SendAsync(running.RequestFor("b"), TransferSource.FromMemory(_payload));
        Assert.Equal(3, second.Version);
        Assert.Equal(_payload, await ReadAsync(client, running, "a"));
        await running.SetPercentAsync(0);
        Assert.Equal(_payload, await ReadAsync(client, running, "b"));
        var scrape = Exposition.Parse(await running.ScrapeAsync());
        Assert.True(scrape.Samples["""dwcp_sessions_started_total{version="v1"}"""] >= 2);
        Assert.True(scrape.Samples["""dwcp_sessions_started_total{version="v3"}"""] >= 2);
        Assert.True(scrape.Samples["""dwcp_requests_total{version="v3",outcome="ok"}"""] >= 3);
        Assert.True(scrape.Samples["""dwcp_transfer_bytes_total{version="v3",kind="raw"}"""] >= _payload.Length);
        Assert.Equal(0, scrape.Samples["dwcp_error_rate"]);
        Assert.True(scrape.Samples["dwcp_latency_p99_ms"] > 0);
    }

    [Fact]
    public async Task V1_can_be_switched_off_while_running_and_flag_0_alone_brings_it_back()
    {
        await using var running = await RunningNode.StartAsync(percent: "100");
        await using var client = running.CreateClient();
        Assert.Equal(1, (await client.SendAsync(OnlyV1("a"), TransferSource.FromMemory(_payload))).Version);
        running.Cluster.SetConfig(new() { ["FEATURE_FLAG_V3_ROLLOUT"] = "100", ["FEATURE_FLAG_V3_CEILING"] = "100", ["DWCP_V1"] = "disabled" });
        await Eventually.TrueAsync(() => !running.Node.Flag.State.ServesV1, "v1 is off");

        var refused = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(OnlyV1("b") with { FreshSession = true }, TransferSource.FromMemory(_payload)));
        Assert.Equal(DwcpErrorCode.NoCommonVersion, refused.Code);
        Assert.Contains("v1 is switched off", refused.Message);
        Assert.Equal(3, (await client.SendAsync(running.RequestFor("c"), TransferSource.FromMemory(_payload))).Version);
        Assert.Equal(0, Exposition.Parse(await running.ScrapeAsync()).Samples["dwcp_v1_enabled"]);

        running.Cluster.SetConfig(new() { ["FEATURE_FLAG_V3_ROLLOUT"] = "0", ["FEATURE_FLAG_V3_CEILING"] = "100", ["DWCP_V1"] = "disabled" });
        await Eventually.TrueAsync(() => running.Node.Flag.State.Effective == 0, "0 % in force");
        Assert.Equal(1, (await client.SendAsync(running.RequestFor("d"), TransferSource.FromMemory(_payload))).Version);

        TransferRequest OnlyV1(string path) => running.RequestFor(path) with { Versions = [1] };
    }

    [Fact]
    public async Task A_node_without_v1_serves_everybody_on_v3_whatever_the_flag_says()
    {
        await using var running = await RunningNode.StartAsync(pod => pod.Environment["DWCP_PROTOCOLS"] = "3");
        await using var client = running.CreateClient();
        Assert.Equal(3, (await client.SendAsync(running.RequestFor("a"), TransferSource.FromMemory(_payload))).Version);
        await Assert.ThrowsAsync<DwcpTransferException>(() =>
            client.SendAsync(running.RequestFor("b") with { Versions = [1], GiveUpAfter = TimeSpan.FromMilliseconds(1) }, TransferSource.FromMemory(_payload)));
        var (_, flags) = await running.AdminAsync(HttpMethod.Get, "/flags", null);
        Assert.Equal("absent", flags["v1"]!.ToString());
        Assert.Equal("0", flags["flag"]!.ToString());
        Assert.Equal("100", flags["effective"]!.ToString());
        Assert.Contains("ignored", flags["ignored"]!.ToString());
        Assert.Equal(1, Exposition.Parse(await running.ScrapeAsync()).Samples["dwcp_flag_ignored"]);
    }

    [Fact]
    public async Task A_canary_is_on_v3_at_zero_percent_and_counted_apart()
    {
        await using var running = await RunningNode.StartAsync();
        await using var client = running.CreateClient();
        var sent = await client.SendAsync(running.RequestFor("a") with { CanaryKey = running.Pod.DiagnosticsKey }, TransferSource.FromMemory(_payload));
        Assert.Equal(3, sent.Version);
        Assert.Equal(1, running.Node.Metrics.Sessions.Started(VersionLabel.Canary));
        Assert.Equal(0, running.Node.Metrics.Sessions.Started(VersionLabel.V3));
        Assert.Equal(1, (await client.SendAsync(running.RequestFor("b") with { CanaryKey = running.Pod.ApiKey }, TransferSource.FromMemory(_payload))).Version);
    }

    [Fact]
    public async Task A_canary_key_is_worth_nothing_in_production()
    {
        await using var running = await RunningNode.StartAsync(pod => pod.Environment["DWCP_ENVIRONMENT"] = "production");
        await using var client = running.CreateClient();
        Assert.Equal(1, (await client.SendAsync(running.RequestFor("a") with { CanaryKey = running.Pod.DiagnosticsKey }, TransferSource.FromMemory(_payload))).Version);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_is_no_server_error()
    {
        await using var running = await RunningNode.StartAsync(percent: "100");
        await using var client = running.CreateClient();
        var error = await Assert.ThrowsAnyAsync<DwcpTransferException>(() =>
            client.SendAsync(running.RequestFor("a") with { ApiKey = TestPod.NewKey() }, TransferSource.FromMemory(_payload)));
        Assert.Equal(DwcpErrorCode.NotAuthenticated, error.Code);
        var scrape = Exposition.Parse(await running.ScrapeAsync());
        Assert.Equal(0, scrape.Samples["""dwcp_requests_total{version="v3",outcome="server_error"}"""]);
        Assert.Equal(0, scrape.Samples["""dwcp_sessions_started_total{version="v3"}"""]);
        Assert.DoesNotContain(running.Pod.ApiKey, running.Log.Text);
    }

    [Fact]
    public async Task Rotated_keys_and_certificates_are_in_use_without_a_restart()
    {
        await using var running = await RunningNode.StartAsync(percent: "100");
        await using var client = running.CreateClient();
        var next = TestPod.NewKey();
        running.Pod.WriteApiKeys(("default", next));
        running.Pod.WriteCertificate();
        await Eventually.TrueAsync(async () =>
        {
            var (_, answer) = await running.AdminAsync(HttpMethod.Get, "/diagnostics/configuration", running.Pod.DiagnosticsKey);
            using var current = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(Path.Combine(running.Pod.Paths.Secrets, "tls.crt"), Path.Combine(running.Pod.Paths.Secrets, "tls.key"));
            return (string?)answer["certificate"]!["sha256"] == Convert.ToHexStringLower(SHA256.HashData(current.RawData));
        }, "the new files are read");
        using var expected = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(Path.Combine(running.Pod.Paths.Secrets, "tls.crt"), Path.Combine(running.Pod.Paths.Secrets, "tls.key"));
        var request = running.RequestFor("a") with { ApiKey = next, TrustedCertificates = null, Pin = Convert.ToHexString(SHA256.HashData(expected.RawData)) };
        Assert.Equal(3, (await client.SendAsync(request, TransferSource.FromMemory(_payload))).Version);
        var error = await Assert.ThrowsAnyAsync<DwcpTransferException>(() => client.SendAsync(running.RequestFor("b"), TransferSource.FromMemory(_payload)));
        Assert.Equal(DwcpErrorCode.NotAuthenticated, error.Code);
    }

    [Fact]
    public async Task Injected_faults_fail_v3_only_and_only_in_a_rehearsal()
    {
        const string Half = """{"v1":{"failShare":0,"delayMs":0},"v3":{"failShare":1,"delayMs":0},"freezeMetrics":false}""";
        await using (var real = await RunningNode.StartAsync(pod => File.WriteAllText(pod.Paths.Faults, Half), percent: "100"))
        {
            await using var client = real.CreateClient();
            Assert.Equal(3, (await client.SendAsync(real.RequestFor("a"), TransferSource.FromMemory(_payload))).Version);
        }

        await using var rehearsal = await RunningNode.StartAsync(pod =>
        {
            pod.Environment["DWCP_REHEARSAL"] = "1";
            File.WriteAllText(pod.Paths.Faults, Half);
        }, percent: "100");
        await using var again = rehearsal.CreateClient();
        // A careful client falls back to v1, and nothing is lost.
        var sent = await again.SendAsync(rehearsal.RequestFor("a") with { AttemptsBeforeV1 = 2 }, TransferSource.FromMemory(_payload));
        Assert.Equal(1, sent.Version);
        var scrape = Exposition.Parse(await rehearsal.ScrapeAsync());
        Assert.True(scrape.Samples["""dwcp_requests_total{version="v3",outcome="server_error"}"""] >= 2);
        Assert.Equal(0, scrape.Samples["""dwcp_requests_total{version="v1",outcome="server_error"}"""]);
        var (_, configuration) = await rehearsal.AdminAsync(HttpMethod.Get, "/diagnostics/configuration", rehearsal.Pod.DiagnosticsKey);
        Assert.Equal(1, (double?)configuration["injectedFaults"]!["v3"]!["failShare"]);
        await File.WriteAllTextAsync(rehearsal.Pod.Paths.Faults, "{}");
        await Eventually.TrueAsync(async () => (await again.SendAsync(rehearsal.RequestFor("b"), TransferSource.FromMemory(_payload))).Version == 3, "the fault is mended");
    }

    [Fact]
    public async Task A_drain_lets_a_running_transfer_finish_and_takes_no_new_session()
    {
        await using var running = await RunningNode.StartAsync(percent: "100");
        await using var client = running.CreateClient();
        var payload = RandomNumberGenerator.GetBytes(4 << 20);
        // Two seconds at this rate, so that the drain falls into it.
        // An open session is not yet a running transfer: the drain may turn away an object that has not begun.
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = client.SendAsync(
            running.RequestFor("slow") with { MaxRate = 2 << 20 }, TransferSource.FromMemory(payload), new ProgressAtOnce(p => { if (p.UserBytes > 0) begun.TrySetResult(); }));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var draining = running.Node.DrainAsync(TimeSpan.FromSeconds(60));
        Assert.False(running.Node.IsReady);
        await using var other = running.CreateClient();
        await Assert.ThrowsAnyAsync<DwcpTransferException>(() =>
            other.SendAsync(running.RequestFor("late", "client-2") with { GiveUpAfter = TimeSpan.FromSeconds(1) }, TransferSource.FromMemory(_payload)));
        Assert.Equal(payload.Length, (await sending).UserBytes);
        Assert.Equal(0, await draining);
    }

    private sealed class ProgressAtOnce(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }

    private static async Task<byte[]> ReadAsync(TransferClient client, RunningNode running, string path)
    {
        var sink = TransferSink.ToMemory();
        await client.ReceiveAsync(running.RequestFor(path), sink);
        return sink.Bytes.ToArray();
    }
}
