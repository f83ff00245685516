using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>What a filter leaves out of a transfer, and what a second look at both sides finds.</summary>
public sealed class SourceFilterTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Files_and_whole_directories_can_be_left_out()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var tree = _folder.At("tree");
        Write(tree, "keep.log", "sub/keep.log", "sub/drop.txt", "private/secret.log", "private/deep/secret.log");
        var asked = new List<string>();
        var source = TransferSource.FromPaths([tree], (path, directory) =>
        {
            asked.Add(path);
            return directory ? path != "private" : path.EndsWith(".log", StringComparison.Ordinal);
        });
        await client.SendAsync(node.Request("t"), source);
        await client.ReceiveAsync(node.Request("t"), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal(["keep.log", "sub/keep.log"], Files(_folder.At("back")));
        Assert.DoesNotContain(asked, path => path.StartsWith("private/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_look_agrees_with_both_sides_and_finds_a_change_on_either()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var tree = TestTree.Create(_folder.At("tree"), seed: 5, files: 20);
        var source = TransferSource.FromPaths(tree);
        var sent = await client.SendAsync(node.Request("t"), source);
        await client.VerifyAsync(node.Request("t"), sent, source);
        var received = await client.ReceiveAsync(node.Request("t"), TransferSink.ToPath(_folder.At("back")));
        await client.VerifyAsync(node.Request("t"), received, TransferSource.FromPaths(_folder.At("back")));

        Write(tree, "added");
        var local = await Assert.ThrowsAsync<DwcpTransferException>(() => client.VerifyAsync(node.Request("t"), sent, source));
        Assert.Contains("changed meanwhile", local.Message);
        await client.SendAsync(node.Request("t"), source);
        var remote = await Assert.ThrowsAsync<DwcpTransferException>(() => client.VerifyAsync(node.Request("t"), sent, TransferSource.FromPaths(_folder.At("back"))));
        Assert.Contains("The node lists", remote.Message);
    }

    private static void Write(string root, params string[] paths)
    {
        foreach (var path in paths)
        {
            var full = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, path);
        }
    }

    private static IEnumerable<string> Files(string root) =>
        Directory.GetFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f).Replace('\\', '/')).Order(StringComparer.Ordinal);
}
