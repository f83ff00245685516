using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Carriers;

/// <summary>Whole transfers over UDP between a client and a node in this process, and what happens when UDP does not get through.</summary>
public sealed class DatagramCarrierTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tree_travels_over_UDP_in_both_directions()
    {
        await using var node = await StartAsync();
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var tree = TestTree.Create(_folder.At("tree"), seed: 21, files: 100);
        var sent = await client.SendAsync(Internet(node.Request("t")), TransferSource.FromPaths(tree));
        Assert.Equal("UDP", sent.Transport);
        Assert.Equal(1, sent.Attempts);
        Assert.NotNull(sent.RetransmittedPercent);
        var received = await client.ReceiveAsync(Internet(node.Request("t")), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal("UDP", received.Transport);
        Assert.Equal(sent.Root, received.Root);
        TestTree.AssertEqual(tree, _folder.At("back"));
        Assert.Empty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task Where_nothing_is_to_be_gained_a_session_stays_on_TCP_and_says_why()
    {
        await using var node = await StartAsync();
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var result = await client.SendAsync(Patient(node.Request("o")), TransferSource.FromMemory(new byte[1000]));
        Assert.Equal("TCP+TLS", result.Transport);
        Assert.Contains(result.Reasons, r => r.StartsWith("UDP: not tried", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_without_UDP_is_spoken_to_over_TCP()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var result = await client.SendAsync(Internet(node.Request("o")), TransferSource.FromMemory(TestFolder.Noise(300_000, 1)));
        Assert.Equal("TCP+TLS", result.Transport);
        Assert.Contains("UDP: this node does not offer it", result.Reasons);
    }

    [Fact]
    public async Task Where_UDP_is_blocked_from_the_start_the_session_goes_on_over_TCP_in_the_same_attempt()
    {
        await using var node = await StartAsync();
        await using var proxy = new DatagramProxy(node.Port) { Blocked = true };
        await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier { Port = proxy.Port }]);
        var bytes = TestFolder.Noise(3_000_000, 2);
        var result = await client.SendAsync(Internet(node.Request("o")), TransferSource.FromMemory(bytes));
        Assert.Equal("TCP+TLS", result.Transport);
        Assert.Equal(1, result.Attempts);
        Assert.Contains(result.Reasons, r => r.Contains("UDP is blocked", StringComparison.Ordinal));
        Assert.True(proxy.Forwarded > 0);

        // Remembered: the next session does not wait for it again.
        var again = await client.SendAsync(Internet(node.Request("p")) with { FreshSession = true }, TransferSource.FromMemory(bytes));
        Assert.Contains(again.Reasons, r => r.StartsWith("UDP: not tried, it failed here lately", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_UDP_stops_getting_through_the_transfer_resumes_over_TCP_and_loses_nothing_that_was_safe()
    {
        await using var node = await StartAsync();
        await using var proxy = new DatagramProxy(node.Port) { BlockAfter = 10_000 };
        await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier { Port = proxy.Port, Patience = TimeSpan.FromSeconds(30) }]);
        var bytes = TestFolder.Noise(60_000_000, 3);
        var failures = new List<TransferAttempt>();
        var result = await client.SendAsync(Internet(node.Request("o")) with { AttemptFailed = failures.Add }, TransferSource.FromMemory(bytes));
        Assert.Equal("TCP+TLS", result.Transport);
        Assert.Contains("no longer answered while TCP is", Assert.Single(failures).Failure.Message);
        // What was durable does not travel again; two group commits, the guess and what the connection held may.
        Assert.InRange(result.ChunkBytes, bytes.Length, bytes.Length + 56_000_000);
        var sink = TransferSink.ToMemory(bytes.Length);
        await client.ReceiveAsync(Patient(node.Request("o")), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_session_over_UDP_outlives_its_TCP_connection_and_a_NAT_that_rebinds()
    {
        await using var node = await StartAsync();
        await using var tcp = new BreakingProxy(node.Port);
        await using var udp = new DatagramProxy(node.Port) { RebindAfter = 4_000, Forwarding = count => count == 1_000 ? CutAsync(tcp) : default };
        await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier { Port = udp.Port, Patience = TimeSpan.FromSeconds(30) }]);
        var bytes = TestFolder.Noise(20_000_000, 4);
        var request = Internet(TestNode.RequestTo(tcp.Port, "o"));
        var result = await client.SendAsync(request, TransferSource.FromMemory(bytes));
        Assert.Equal(("UDP", 1), (result.Transport, result.Attempts));
        Assert.Equal(1, udp.Rebinds);
        var sink = TransferSink.ToMemory(bytes.Length);
        await client.ReceiveAsync(Patient(node.Request("o")), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_client_that_breaks_the_rules_of_carriers_is_let_go()
    {
        await using var node = await StartAsync();
        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(Protocol.FrameType.Carrier, 0, w => w.Number(DatagramCarrier.Number).Bytes([1, 2, 3]));
        var error = await raw.ReadErrorAsync();
        Assert.Equal(DwcpErrorCode.ProtocolViolation, error.Code);
    }

    private Task<TestNode> StartAsync() =>
        TestNode.StartAsync(_folder.At("store"), options => options with { Carriers = [new DatagramServerCarrier()] });

    private static async ValueTask CutAsync(BreakingProxy proxy) => await proxy.DisposeAsync();

    private static TransferRequest Patient(TransferRequest request) => request with { GiveUpAfter = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromMinutes(1) };

    private static TransferRequest Internet(TransferRequest request) => Patient(request) with { Mode = TransferMode.Internet };
}
