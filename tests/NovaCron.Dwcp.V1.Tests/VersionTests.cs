using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Tests;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.V1.Tests;

public sealed class VersionTests : IDisposable
{
    private static readonly IServerProtocol[] Both = [new V3ServerProtocol(), new V1ServerProtocol()];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(1, 1)]
    public async Task Either_version_reads_what_the_other_wrote(int writer, int reader)
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        await using var client = NewClient();
        var tree = TestTree.Create(_folder.At("tree"), seed: writer, files: 40);
        var sent = await client.SendAsync(Ask(node, "t", writer), TransferSource.FromPaths(tree));
        var received = await client.ReceiveAsync(Ask(node, "t", reader), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal(writer, sent.Version);
        Assert.Equal(reader, received.Version);
        Assert.Equal(sent.Root, received.Root);
        TestTree.AssertEqual(tree, _folder.At("back"));
    }

    [Fact]
    public async Task Both_versions_give_the_same_bytes_the_same_object_hash()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        await using var client = NewClient();
        var bytes = new byte[3_000_000];
        new Random(9).NextBytes(bytes.AsSpan(600_000, 1_500_000));
        var one = await client.SendAsync(Ask(node, "one", 1), TransferSource.FromMemory(bytes));
        var three = await client.SendAsync(Ask(node, "three", 3), TransferSource.FromMemory(bytes));
        Assert.Equal(one.Root, three.Root);
        Assert.Equal(one.UserBytes, three.UserBytes);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(100, 3)]
    public async Task The_split_decides_the_version_of_a_client_that_speaks_both(int percent, int version)
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        node.Split.Percent = percent;
        await using var client = NewClient();
        var result = await client.SendAsync(node.Request("o") with { Versions = [1, 3] }, TransferSource.FromMemory(TestFolder.Noise(1000, 1)));
        Assert.Equal(version, result.Version);
        Assert.Equal(version == 3 ? VersionLabel.V3 : VersionLabel.V1, Assert.Single(node.Observer.Started).Version);
    }

    [Fact]
    public async Task A_session_that_was_opened_as_v3_moves_to_v1_with_its_next_request_when_the_flag_drops()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        await using var client = NewClient();
        var request = node.Request("o") with { Versions = [1, 3] };
        Assert.Equal(3, (await client.SendAsync(request, TransferSource.FromMemory(TestFolder.Noise(1000, 1)))).Version);
        node.Split.Percent = 0;
        var attempts = new List<TransferAttempt>();
        var result = await client.SendAsync(request with { AttemptFailed = attempts.Add }, TransferSource.FromMemory(TestFolder.Noise(2000, 2)));
        Assert.Equal(1, result.Version);
        Assert.Equal(DwcpErrorCode.VersionChanged, Assert.Single(attempts).Failure.Code);
        Assert.Single(node.Observer.Started, s => s.Version == VersionLabel.V3);
    }

    [Fact]
    public async Task A_running_v3_transfer_finishes_when_the_flag_drops_to_zero()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        await using var client = NewClient();
        var bytes = TestFolder.Noise(24 * 1024 * 1024, 3);
        var started = new TaskCompletionSource();
        var progress = new SynchronousProgress(p =>
        {
            if (p.UserBytes > 0) started.TrySetResult();
        });
        var sending = client.SendAsync(node.Request("big") with { Versions = [1, 3], MaxRate = 16 * 1024 * 1024 }, TransferSource.FromMemory(bytes), progress);
        await started.Task.WaitAsync(TimeSpan.FromSeconds(20));
        node.Split.Percent = 0;
        var result = await sending;
        Assert.Equal(3, result.Version);
        Assert.Equal(1, result.Attempts);
    }

    [Fact]
    public async Task When_v3_keeps_failing_the_client_goes_on_with_v1_and_loses_nothing()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Faults = new FailingVersion(VersionLabel.V3) }, protocols: Both);
        await using var client = NewClient();
        var bytes = TestFolder.Noise(100_000, 4);
        var result = await client.SendAsync(node.Request("o") with { Versions = [1, 3] }, TransferSource.FromMemory(bytes));
        Assert.Equal(1, result.Version);
        Assert.True(result.Attempts > 1);
        Assert.Contains(node.Observer.Requests, r => r is { Version: VersionLabel.V3, Outcome: RequestOutcome.ServerError });
        var sink = TransferSink.ToMemory();
        await client.ReceiveAsync(Ask(node, "o", 1), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_wrong_key_is_refused_on_v1_as_on_v3()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        await using var client = NewClient();
        foreach (var version in (int[])[1, 3])
        {
            var e = await Assert.ThrowsAsync<DwcpTransferException>(
                () => client.SendAsync(Ask(node, "o", version) with { ApiKey = "wrong" }, TransferSource.FromMemory(new byte[10])));
            Assert.Equal(DwcpErrorCode.NotAuthenticated, e.Code);
            Assert.Equal(DwcpFault.Client, e.Fault);
        }

        Assert.Empty(node.Observer.Started);
    }

    [Fact]
    public async Task V1_compresses_and_lists_and_deletes()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), protocols: Both);
        await using var client = NewClient();
        var result = await client.SendAsync(Ask(node, "texts/a", 1), TransferSource.FromMemory(System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("the same line\n", 50_000)))));
        Assert.True(result.PercentSaved > 90, $"{result.PercentSaved:0.0} % saved");
        Assert.Equal("texts/a", Assert.Single(await client.ListAsync(Ask(node, "texts", 1))).Path);
        Assert.True(await client.DeleteAsync(Ask(node, "texts/a", 1)));
        Assert.False(await client.DeleteAsync(Ask(node, "texts/a", 1)));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.ReceiveAsync(Ask(node, "texts/a", 1), TransferSink.ToMemory()));
        Assert.Equal(DwcpErrorCode.NotFound, e.Code);
    }

    private static TransferClient NewClient() => new([new V3ClientProtocol(), new V1ClientProtocol()]);

    // A version that is offered alone: v3 asks the split, so the test's split stays at 100.
    private static TransferRequest Ask(TestNode node, string path, int version) => node.Request(path) with { Versions = [version] };

    private sealed class SynchronousProgress(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }

    private sealed class FailingVersion(string version) : ISessionFaults
    {
        public SessionFault Next(string asked, RequestKind kind) => new(asked == version && kind == RequestKind.ChunkBatch, TimeSpan.Zero);
    }
}
