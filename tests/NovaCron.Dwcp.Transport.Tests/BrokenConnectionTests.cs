using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class BrokenConnectionTests : IDisposable
{
    private const long Slack = 20L * 1024 * 1024;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_sent_object_arrives_over_cut_connections_and_most_of_it_travels_once()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var proxy = new BreakingProxy(node.Port, 30_000_000, 5_000, 20_000_000);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(64_000_000, 1);
        var failures = new List<TransferAttempt>();
        var result = await client.SendAsync(TestNode.RequestTo(proxy.Port, "o") with { AttemptFailed = failures.Add }, TransferSource.FromMemory(bytes));
        Assert.Equal(3, proxy.Cuts);
        Assert.Equal(4, result.Attempts);
        Assert.All(failures, f => Assert.Equal(DwcpErrorCode.ConnectionFailed, f.Failure.Code));
        Assert.InRange(result.ChunkBytes, bytes.Length, bytes.Length + (3 * Slack));
        var sink = TransferSink.ToMemory(bytes.Length);
        await client.ReceiveAsync(node.Request("o"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_received_tree_arrives_over_cut_connections_and_most_of_it_travels_once()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var tree = TestTree.Create(_folder.At("tree"), seed: 8, files: 100);
        File.WriteAllBytes(Path.Combine(tree, "big"), TestFolder.Noise(48_000_000, 2));
        await client.SendAsync(node.Request("t"), TransferSource.FromPaths(tree));
        await using var proxy = new BreakingProxy(node.Port, 20_000_000, 20_000_000);
        var result = await client.ReceiveAsync(TestNode.RequestTo(proxy.Port, "t"), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal(2, proxy.Cuts);
        Assert.Equal(3, result.Attempts);
        Assert.InRange(result.ChunkBytes, 48_000_000, 54_000_000 + (2 * Slack));
        TestTree.AssertEqual(tree, _folder.At("back"));
    }

    [Fact]
    public async Task An_interrupted_download_goes_on_in_a_later_call_and_damage_in_between_is_noticed()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(40_000_000, 3);
        await client.SendAsync(node.Request("o"), TransferSource.FromMemory(bytes));
        await using (var proxy = new BreakingProxy(node.Port, 30_000_000))
        {
            using var impatient = new CancellationTokenSource();
            var request = TestNode.RequestTo(proxy.Port, "o") with { AttemptFailed = _ => impatient.Cancel() };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ReceiveAsync(request, TransferSink.ToPath(_folder.At("back")), null, impatient.Token));
        }

        Assert.False(File.Exists(_folder.At("back")));
        var partial = Path.Combine(_folder.At(".back.dwcp-partial"), "f1");
        using (var file = File.OpenWrite(partial))
        {
            file.Position = 1_000_000;
            file.WriteByte((byte)~bytes[1_000_000]);
        }

        var result = await client.ReceiveAsync(node.Request("o"), TransferSink.ToPath(_folder.At("back")));
        Assert.True(result.SkippedBytes > 10_000_000, $"only {result.SkippedBytes} bytes were kept");
        Assert.True(File.ReadAllBytes(_folder.At("back")).AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_given_up_in_time_with_a_clear_error()
    {
        await using var client = new TransferClient([new V3ClientProtocol()]);
        // Bound and never opened: nobody else gets the port meanwhile.
        using var closed = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        closed.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var port = ((System.Net.IPEndPoint)closed.LocalEndPoint!).Port;
        var e = await Assert.ThrowsAsync<DwcpTransferException>(
            () => client.SendAsync(TestNode.RequestTo(port, "o") with { GiveUpAfter = TimeSpan.FromMilliseconds(300) }, TransferSource.FromMemory(new byte[10])));
        Assert.Equal((DwcpErrorCode.ConnectionFailed, DwcpFault.Network), (e.Code, e.Fault));
        Assert.Contains($"127.0.0.1:{port}", e.Message);
    }
}
