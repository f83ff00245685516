using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class TransferTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000)]
    [InlineData(5_000_000)]
    public async Task Bytes_in_memory_come_back_as_they_were(int length)
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(length, length);
        var sent = await client.SendAsync(node.Request("a/b.bin"), TransferSource.FromMemory(bytes));
        var sink = TransferSink.ToMemory();
        var received = await client.ReceiveAsync(node.Request("a/b.bin"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
        Assert.Equal(sent.Root, received.Root);
        Assert.Equal(length, sent.UserBytes);
        Assert.Equal(length, received.UserBytes);
        Assert.Equal(3, sent.Version);
        Assert.Empty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task A_tree_comes_back_with_its_metadata_links_and_holes()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var tree = TestTree.Create(_folder.At("tree"), seed: 5, files: 200);
        var sent = await client.SendAsync(node.Request("trees/one"), TransferSource.FromPaths(tree));
        await client.ReceiveAsync(node.Request("trees/one"), TransferSink.ToPath(_folder.At("back")));
        TestTree.AssertEqual(tree, _folder.At("back"));
        // The same tree sent from the copy is the same object, and nothing of it travels.
        var again = await client.SendAsync(node.Request("trees/two"), TransferSource.FromPaths(_folder.At("back")));
        Assert.Equal(sent.Root, again.Root);
        Assert.True(again.ChunkBytes <= Protocol.WireLimits.OptimisticBytes, $"{again.ChunkBytes} bytes travelled again");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path, ".*partial*"));
    }

    [Theory]
    [InlineData(1000, 100, 10.0)]
    [InlineData(-5, 100, 0.0)]
    [InlineData(1000, 0, null)]
    [InlineData(0, 0, null)]
    [InlineData(1L << 60, 1e-300, null)] // what is left of an average after minutes without a byte
    [InlineData(1000, double.NaN, null)]
    public void The_time_left_is_unknown_where_nothing_moves(long bytes, double rate, double? seconds) =>
        Assert.Equal(seconds, TransferProgress.Estimate(bytes, rate)?.TotalSeconds);
}
