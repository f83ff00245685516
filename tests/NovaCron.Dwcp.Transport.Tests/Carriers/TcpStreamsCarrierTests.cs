using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Carriers;

/// <summary>Sessions over several TLS connections, the way back to UDP, and clients that misuse either.</summary>
public sealed class TcpStreamsCarrierTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tree_travels_over_several_connections_in_both_directions()
    {
        await using var node = await StartAsync();
        await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new TcpStreamsClientCarrier()]);
        var tree = TestTree.Create(_folder.At("tree"), seed: 22, files: 100);
        var request = Internet(node.Request("t")) with { Parallelism = 3 };
        var sent = await client.SendAsync(request, TransferSource.FromPaths(tree));
        Assert.Equal(("3 TCP streams", 1), (sent.Transport, sent.Attempts));
        var received = await client.ReceiveAsync(request, TransferSink.ToPath(_folder.At("back")));
        Assert.Equal("3 TCP streams", received.Transport);
        TestTree.AssertEqual(tree, _folder.At("back"));
        Assert.Empty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task Where_UDP_is_blocked_several_connections_carry_the_session_in_the_same_attempt()
    {
        await using var node = await StartAsync();
        await using var proxy = new DatagramProxy(node.Port) { Blocked = true };
        await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier { Port = proxy.Port }, new TcpStreamsClientCarrier()]);
        var bytes = TestFolder.Noise(3_000_000, 2);
        var result = await client.SendAsync(Internet(node.Request("o")), TransferSource.FromMemory(bytes));
        Assert.Equal(1, result.Attempts);
        Assert.EndsWith("TCP streams", result.Transport, StringComparison.Ordinal);
        Assert.Contains(result.Reasons, r => r.Contains("UDP is blocked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_UDP_gets_through_again_a_running_transfer_goes_back_to_it()
    {
        await using var node = await StartAsync();
        await using var proxy = new DatagramProxy(node.Port) { Blocked = true };
        await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier { Port = proxy.Port }, new TcpStreamsClientCarrier()])
        {
            HealPeriod = TimeSpan.FromMilliseconds(100),
        };
        var bytes = TestFolder.Noise(12_000_000, 4);
        var failures = new List<TransferAttempt>();
        // Slow enough to be running when the path heals.
        var request = Internet(node.Request("o")) with { MaxRate = 2_000_000, AttemptFailed = failures.Add };
        var progress = new Heals(proxy);
        var result = await client.SendAsync(request, TransferSource.FromMemory(bytes), progress);
        Assert.Equal("UDP", result.Transport);
        Assert.Empty(failures);
        var sink = TransferSink.ToMemory(bytes.Length);
        await client.ReceiveAsync(Internet(node.Request("o")), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_stranger_cannot_join_a_session()
    {
        await using var node = await StartAsync();
        await using var raw = await RawClient.ConnectAsync(node.Port);
        await raw.SendAsync(Protocol.FrameType.Join, 0, w => w.Bytes(new byte[TcpStreamsCarrier.TokenSize]));
        Assert.Equal(DwcpErrorCode.NotPermitted, (await raw.ReadErrorAsync()).Code);
        await using var again = await RawClient.ConnectAsync(node.Port);
        await again.SendAsync(Protocol.FrameType.Join, 0, w => w.Bytes(new byte[5]));
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await again.ReadErrorAsync()).Code);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 1, 0 })]
    [InlineData(new byte[] { 1, 65 })]
    [InlineData(new byte[] { 2, 4 })]
    public async Task A_malformed_offer_ends_the_session(byte[] offer)
    {
        await using var node = await StartAsync();
        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(Protocol.FrameType.Carrier, 0, w => w.Number(TcpStreamsCarrier.Number).Bytes(offer));
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await raw.ReadErrorAsync()).Code);
    }

    private Task<TestNode> StartAsync() =>
        TestNode.StartAsync(_folder.At("store"), options => options with { Carriers = [new DatagramServerCarrier(), new TcpStreamsServerCarrier()] });

    private static TransferRequest Internet(TransferRequest request) =>
        request with { GiveUpAfter = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromMinutes(1), Mode = TransferMode.Internet };

    private sealed class Heals(DatagramProxy proxy) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            if (value.UserBytes > 0) proxy.Blocked = false;
        }
    }
}
