using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Objects;
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

    [Fact]
    public async Task Only_what_changed_travels_to_a_destination_that_is_compared_with()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var old = TestFolder.Noise(16_000_000, 8);
        var other = TestFolder.Noise(900_000, 9);
        byte[] changed = [.. old.AsSpan(0, 2_000_000), 1, 2, 3, .. old.AsSpan(2_000_000), .. new byte[1 << 20]];
        Directory.CreateDirectory(_folder.At("new"));
        await File.WriteAllBytesAsync(_folder.At("new/disk"), changed);
        await File.WriteAllBytesAsync(_folder.At("new/renamed"), other);
        await client.SendAsync(node.Request("vm"), TransferSource.FromPaths(_folder.At("new")));
        foreach (var name in (string[])["whole", "delta"])
        {
            Directory.CreateDirectory(_folder.At(name));
            await File.WriteAllBytesAsync(_folder.At($"{name}/disk"), old);
            await File.WriteAllBytesAsync(_folder.At($"{name}/kept"), other);
            if (!OperatingSystem.IsWindows()) File.CreateSymbolicLink(_folder.At($"{name}/loop"), _folder.At(name));
        }

        var whole = await client.ReceiveAsync(node.Request("vm"), TransferSink.ToPath(_folder.At("whole")));
        var delta = await client.ReceiveAsync(node.Request("vm"), TransferSink.ToPath(_folder.At("delta"), delta: true));

        Assert.True(whole.ChunkBytes >= 16_900_000, $"{whole.ChunkBytes} bytes of chunks travelled where nothing was compared");
        Assert.True(delta.ChunkBytes <= Protocol.WireLimits.OptimisticBytes + (1 << 20), $"{delta.ChunkBytes} bytes of chunks travelled for three changed bytes");
        Assert.Equal(whole.Root, delta.Root);
        foreach (var name in (string[])["whole", "delta"])
        {
            Assert.Equal(changed, await File.ReadAllBytesAsync(_folder.At($"{name}/disk")));
            Assert.Equal(other, await File.ReadAllBytesAsync(_folder.At($"{name}/renamed")));
            Assert.Equal(other, await File.ReadAllBytesAsync(_folder.At($"{name}/kept")));
        }

        // Nothing there to compare with is no mistake.
        await client.ReceiveAsync(node.Request("vm"), TransferSink.ToPath(_folder.At("empty"), delta: true));
        Assert.Equal(changed, await File.ReadAllBytesAsync(_folder.At("empty/disk")));
    }

    [Fact]
    public async Task A_chunk_of_the_destination_that_changed_after_it_was_read_is_not_taken()
    {
        var bytes = TestFolder.Noise(1_000_000, 10);
        var path = _folder.At("disk");
        await File.WriteAllBytesAsync(path, bytes);
        var present = PresentChunks.Read(path, default);
        var chunks = new List<(ContentHash Hash, int Length)>();
        foreach (var draft in new ChunkingSource(SourceEntries.Of(TransferSource.FromMemory(bytes))).ReadSegments(default))
        {
            chunks.AddRange(draft.Chunks);
            draft.Dispose();
        }

        Assert.True(chunks.Count > 2);
        Assert.Equal(chunks.Count, present.Count);
        var first = new byte[chunks[0].Length];
        Assert.True(present.TryRead(chunks[0].Hash, first));
        Assert.Equal(bytes.AsSpan(0, first.Length).ToArray(), first);
        Assert.False(present.TryRead(chunks[0].Hash, new byte[first.Length - 1]));

        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        Assert.False(present.TryRead(chunks[^1].Hash, new byte[chunks[^1].Length]));
        await File.WriteAllBytesAsync(path, bytes.AsMemory(0, 10));
        Assert.False(present.TryRead(chunks[1].Hash, new byte[chunks[1].Length]));
        File.Delete(path);
        Assert.False(present.TryRead(chunks[0].Hash, first));
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
