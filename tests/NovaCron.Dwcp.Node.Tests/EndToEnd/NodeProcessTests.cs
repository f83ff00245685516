using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Transport.Transfers;
using NovaCron.Dwcp.V1;

namespace NovaCron.Dwcp.Node.Tests.EndToEnd;

/// <summary>The real program: started, used, told to go, killed, started again.</summary>
public sealed class NodeProcessTests : IAsyncLifetime
{
    private const int Terminate = 15;
    private const int KillNow = 9;

    private FakeApiServer _cluster = null!;
    private TestPod _pod = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await FakeApiServer.StartAsync();
        _cluster.SetFlag("100");
        _pod = _cluster.CreatePod();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _pod.Dispose();
    }

    [Fact]
    public async Task A_transfer_that_is_interrupted_by_sigterm_and_a_restart_arrives_whole()
    {
        var payload = RandomNumberGenerator.GetBytes(24 << 20);
        await using var client = new TransferClient([new V3ClientProtocol(), new V1ClientProtocol()]);
        _pod.Environment["DWCP_GRACE_SECONDS"] = "2";
        Task<TransferResult> sending;
        await using (var first = await NodeProcess.ServeAsync(_pod))
        {
            // From now on the same port, so that the client finds the restarted node where it left it.
            _pod.Environment["DWCP_DATA_PORT"] = $"{first.Data.Port}";
            await ReadyAsync(first);
            // Six seconds at this rate: longer than the grace, so the drain has to cut and the client to resume.
            sending = client.SendAsync(Request(first, "disk") with { MaxRate = 4 << 20 }, TransferSource.FromMemory(payload));
            await Eventually.TrueAsync(async () => (long)(await FlagsAsync(first))["sessions"]!["v3"]!["active"]! == 1, "the transfer runs");
            first.Signal(Terminate);
            Assert.Equal(0, await first.WaitForExitAsync());
            Assert.NotNull(first.Find("Draining"));
        }

        await using var second = await NodeProcess.ServeAsync(_pod);
        var sent = await sending;
        Assert.True(sent.Attempts > 1);
        var sink = TransferSink.ToMemory();
        await client.ReceiveAsync(Request(second, "disk"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(payload));
    }

    [Fact]
    public async Task What_was_acknowledged_survives_a_kill()
    {
        var payload = RandomNumberGenerator.GetBytes(3 << 20);
        await using var client = new TransferClient([new V3ClientProtocol(), new V1ClientProtocol()]);
        await using (var first = await NodeProcess.ServeAsync(_pod))
        {
            await ReadyAsync(first);
            await client.SendAsync(Request(first, "dump"), TransferSource.FromMemory(payload));
            first.Signal(KillNow);
            await first.WaitForExitAsync();
        }

        await using var second = await NodeProcess.ServeAsync(_pod);
        var sink = TransferSink.ToMemory();
        await client.ReceiveAsync(Request(second, "dump"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(payload));
    }

    [Fact]
    public async Task It_ends_with_0_soon_when_nothing_runs_and_every_line_is_json_without_secrets()
    {
        // Soon is: without waiting for the grace.
        _pod.Environment["DWCP_GRACE_SECONDS"] = "300";
        await using var node = await NodeProcess.ServeAsync(_pod);
        await ReadyAsync(node);
        node.Signal(Terminate);
        Assert.Equal(0, await node.WaitForExitAsync(seconds: 60));
        foreach (var line in node.Lines)
        {
            var entry = JsonNode.Parse(line)!.AsObject();
            Assert.NotNull(entry["time"]);
            Assert.Contains((string?)entry["level"], (string[])["debug", "info", "warn", "error", "critical"]);
            Assert.NotNull(entry["message"]);
            Assert.DoesNotContain(_pod.ApiKey, line);
            Assert.DoesNotContain(_pod.DiagnosticsKey, line);
        }
    }

    [Fact]
    public async Task A_start_that_fails_says_why_on_one_line_and_ends_with_1()
    {
        File.Delete(Path.Combine(_pod.Paths.Secrets, "api-keys"));
        await using var node = NodeProcess.Start(_pod, "serve");
        Assert.Equal(1, await node.WaitForExitAsync());
        var line = Assert.Single(node.Lines);
        Assert.Contains("api-keys is missing", (string?)JsonNode.Parse(line)!["message"]);
    }

    [Fact]
    public async Task The_stop_hook_takes_the_node_out_of_its_service_while_it_still_serves()
    {
        await using var node = await NodeProcess.ServeAsync(_pod);
        await ReadyAsync(node);
        _pod.Environment["DWCP_ADMIN_PORT"] = $"{node.Admin.Port}";
        await using var hook = NodeProcess.Start(_pod, "drain", "--wait", "0");
        Assert.Equal(0, await hook.WaitForExitAsync());
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync($"http://{node.Http}/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"http://{node.Http}/health")).StatusCode);
    }

    [Theory]
    [InlineData(0, "--version")]
    [InlineData(0, "--help")]
    [InlineData(2)]
    [InlineData(2, "sreve")]
    [InlineData(1, "drain", "--wait", "x")]
    public async Task The_command_line_is_told_what_it_may_say(int code, params string[] arguments)
    {
        await using var program = NodeProcess.Start(_pod, arguments);
        Assert.Equal(code, await program.WaitForExitAsync());
        await Eventually.TrueAsync(() => program.Lines.Count > 0, "something is printed");
    }

    private TransferRequest Request(NodeProcess node, string path) => new()
    {
        Remote = new Uri($"dwcp://{node.Data}/{path}"),
        ClientId = "client-1",
        ApiKey = _pod.ApiKey,
        TrustedCertificates = _pod.Authority.Roots,
        GiveUpAfter = TimeSpan.FromMinutes(3),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    };

    private static async Task ReadyAsync(NodeProcess node)
    {
        using var http = new HttpClient();
        await Eventually.TrueAsync(async () => (await http.GetAsync($"http://{node.Http}/ready")).StatusCode == HttpStatusCode.OK, "the node is ready");
    }

    private static async Task<JsonObject> FlagsAsync(NodeProcess node)
    {
        using var http = new HttpClient();
        return JsonNode.Parse(await http.GetStringAsync($"http://{node.Admin}/flags"))!.AsObject();
    }
}
