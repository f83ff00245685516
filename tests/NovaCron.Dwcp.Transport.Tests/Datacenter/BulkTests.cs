using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Datacenter;

/// <summary>The bulk path over plain sockets, whole: a node, a client, files.</summary>
public sealed class BulkTests : IDisposable
{
    private const int Extent = BulkLimits.ExtentBytes;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal static DatacenterPolicy Policy(bool authenticate = true) => new() { Networks = DatacenterPolicy.ParseNetworks("127.0.0.0/8"), Authenticate = authenticate };

    internal static DatacenterRequest Wish { get; } = new() { Required = true, MinimumBytes = 0 };

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(BulkLimits.PieceBytes, false)]
    [InlineData(Extent, true)]
    [InlineData((12 * Extent) + 300_001, true)]
    [InlineData((12 * Extent) + 300_001, false)]
    public async Task A_file_travels_both_ways_and_any_other_client_can_read_it(int length, bool authenticate)
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy(authenticate) });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(length, 1);
        var source = _folder.Write("disk.img", bytes);
        var request = node.Request("vm/disk") with { Datacenter = Wish };

        var sent = await client.SendAsync(request, TransferSource.FromPaths(source));
        // Of an empty file nothing is missing from the start.
        var transport = length > 0 ? "sockets" : "none: nothing was missing";
        Assert.Equal((transport, authenticate), (sent.Transport, sent.Bulk!.Authenticated));
        Assert.Equal((length, length, 1L), (sent.UserBytes, sent.Bulk.PayloadBytes, sent.Entries));

        var back = await client.ReceiveAsync(request, TransferSink.ToPath(_folder.At("back.img")));
        Assert.Equal((transport, sent.Root), (back.Transport, back.Root));
        Assert.Equal(length, back.Bulk!.PayloadBytes);
        Assert.True(File.ReadAllBytes(_folder.At("back.img")).AsSpan().SequenceEqual(bytes));
        Assert.Equal(File.GetLastWriteTimeUtc(source), File.GetLastWriteTimeUtc(_folder.At("back.img")));

        var sink = TransferSink.ToMemory(Math.Max(1, length));
        var ordinary = await client.ReceiveAsync(node.Request("vm/disk"), sink);
        Assert.Equal(("TCP+TLS", sent.Root), (ordinary.Transport, ordinary.Root));
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path, ".*bulk*"));
        Assert.Empty(Directory.GetFiles(_folder.At("store"), "*.journal", SearchOption.AllDirectories));
        Assert.Empty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task A_node_without_a_policy_or_a_peer_outside_of_it_stays_on_the_session_and_says_why()
    {
        var source = _folder.Write("f", TestFolder.Noise(100_000, 2));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        foreach (var policy in (DatacenterPolicy?[])[null, Policy() with { Networks = DatacenterPolicy.ParseNetworks("10.0.0.0/8, fd00::/8") }])
        {
            await using var node = await TestNode.StartAsync(_folder.At($"store{policy is null}"), o => o with { Datacenter = policy });
            var result = await client.SendAsync(node.Request("o") with { Datacenter = Wish with { Required = false } }, TransferSource.FromPaths(source));
            Assert.Equal("TCP+TLS", result.Transport);
            Assert.Contains(result.Reasons, r => r.Contains("bulk path not used: this node does not offer it", StringComparison.Ordinal));
            var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(node.Request("o") with { Datacenter = Wish }, TransferSource.FromPaths(source)));
            Assert.Equal(DwcpErrorCode.BulkUnavailable, e.Code);
        }
    }

    [Fact]
    public async Task A_small_file_takes_the_bulk_path_when_that_is_required_and_a_transfer_that_cannot_is_refused()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = TransferSource.FromPaths(_folder.Write("small", TestFolder.Noise(1000, 7)));
        var request = node.Request("small") with { Versions = [1, 3], Datacenter = new DatacenterRequest() };
        Assert.Equal("TCP+TLS", (await client.SendAsync(request, source)).Transport);
        var required = request with { Datacenter = new DatacenterRequest { Required = true } };
        Assert.Equal(("sockets", 3), (await client.SendAsync(required, source)) is var sent ? (sent.Transport, sent.Version) : default);
        Assert.Contains("part of version 3", (await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(required with { Versions = [1] }, source))).Message);
        Assert.Contains("mode Internet leaves it out", (await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(required with { Mode = TransferMode.Internet }, source))).Message);
    }

    [Fact]
    public async Task What_went_by_the_bulk_path_can_be_verified_again_however_it_was_received()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = TransferSource.FromPaths(_folder.Write("disk.img", TestFolder.Noise(Extent + 300_001, 8)));
        var request = node.Request("vm/disk") with { Datacenter = Wish };
        await client.VerifyAsync(request, await client.SendAsync(request, source), source);
        var received = await client.ReceiveAsync(node.Request("vm/disk"), TransferSink.ToPath(_folder.At("back")));
        await client.VerifyAsync(request, received, TransferSource.FromPaths(_folder.At("back")));
        File.AppendAllText(_folder.At("back"), "!");
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.VerifyAsync(request, received, TransferSource.FromPaths(_folder.At("back"))));
        Assert.Equal(DwcpErrorCode.ManifestMismatch, e.Code);
    }

    [Fact]
    public async Task What_was_stored_by_the_session_is_received_by_the_session()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(3_000_000, 3);
        await client.SendAsync(node.Request("o"), TransferSource.FromMemory(bytes));
        var result = await client.ReceiveAsync(node.Request("o") with { Datacenter = Wish with { Required = false } }, TransferSink.ToPath(_folder.At("back")));
        Assert.Contains(result.Reasons, r => r.Contains("cut by content", StringComparison.Ordinal));
        Assert.True(File.ReadAllBytes(_folder.At("back")).AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_directory_goes_through_the_session_and_says_why()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        _folder.Write("tree/a", TestFolder.Noise(100_000, 4));
        var result = await client.SendAsync(node.Request("o") with { Datacenter = Wish with { Required = false } }, TransferSource.FromPaths(_folder.At("tree")));
        Assert.Contains(result.Reasons, r => r.Contains("not for a directory", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_send_that_was_stopped_goes_on_and_damage_in_between_is_noticed()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(40 * Extent, 5);
        var source = _folder.Write("disk.img", bytes);
        var request = node.Request("o") with { Datacenter = Wish, MaxRate = null };
        await StopAfterAsync(node, 12 * Extent, stop => client.SendAsync(request, TransferSource.FromPaths(source), null, stop));
        Assert.Empty(node.Store.OpenPrincipal("alice").List());

        // One of the verified extents rots meanwhile.
        var partial = Directory.GetFiles(_folder.At("store"), "*.data", SearchOption.AllDirectories).Single();
        using (var file = File.Open(partial, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = 16 + 1 + 1000;
            Assert.Equal(bytes[1000], file.ReadByte());
            file.Position--;
            file.WriteByte((byte)~bytes[1000]);
        }

        var journalled = (new FileInfo(Path.ChangeExtension(partial, ".journal")).Length - 40) / 24;
        Assert.True(journalled >= 12);
        var result = await client.SendAsync(request, TransferSource.FromPaths(source));
        Assert.Equal((journalled - 1) * Extent, result.SkippedBytes);
        Assert.Equal(bytes.Length - result.SkippedBytes, result.Bulk!.PayloadBytes);
        await AssertStoredAsync(client, node, bytes);
    }

    [Fact]
    public async Task A_source_that_changed_is_another_source_and_nothing_of_the_old_one_is_believed()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = _folder.Write("disk.img", TestFolder.Noise(24 * Extent, 6));
        var request = node.Request("o") with { Datacenter = Wish };
        await StopAfterAsync(node, 4 * Extent, stop => client.SendAsync(request, TransferSource.FromPaths(source), null, stop));
        var other = TestFolder.Noise(24 * Extent, 7);
        File.WriteAllBytes(source, other);
        File.SetLastWriteTimeUtc(source, DateTime.UtcNow.AddMinutes(1));
        var result = await client.SendAsync(request, TransferSource.FromPaths(source));
        Assert.Equal(0, result.SkippedBytes);
        await AssertStoredAsync(client, node, other);
    }

    [Fact]
    public async Task A_receive_that_was_stopped_goes_on()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(40 * Extent, 8);
        var request = node.Request("o") with { Datacenter = Wish };
        await client.SendAsync(request, TransferSource.FromPaths(_folder.Write("disk.img", bytes)));
        await StopAfterAsync(node, node.Observer.Raw + (12 * Extent), stop => client.ReceiveAsync(request, TransferSink.ToPath(_folder.At("back")), null, stop));
        Assert.False(File.Exists(_folder.At("back")));
        var result = await client.ReceiveAsync(request, TransferSink.ToPath(_folder.At("back")));
        Assert.True(result.SkippedBytes >= 4 * Extent, $"only {result.SkippedBytes} bytes were kept");
        Assert.True(File.ReadAllBytes(_folder.At("back")).AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task Of_what_is_all_there_no_payload_travels_and_no_carrier_is_opened()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await ResumeWithNothingMissingAsync(client, node, node.Request("o") with { Datacenter = Wish }, _folder);
    }

    /// <summary>A put and a get that are stopped after their last extent and before their commit, and resumed.</summary>
    internal static async Task ResumeWithNothingMissingAsync(TransferClient client, TestNode node, TransferRequest request, TestFolder folder)
    {
        var bytes = TestFolder.Noise((5 * Extent) + 77, 12);
        var source = TransferSource.FromPaths(folder.Write("disk.img", bytes));
        await StopWhenVerifiedAsync(node, request, (stopped, stop) => client.SendAsync(stopped, source, null, stop));
        Assert.Empty(node.Store.OpenPrincipal("alice").List());
        var sent = await client.SendAsync(request, source);
        Assert.Equal((bytes.Length, 0L, 1), (sent.SkippedBytes, sent.Bulk!.PayloadBytes, sent.Attempts));
        Assert.Contains("nothing is missing here", sent.Reasons);
        Assert.StartsWith("none", sent.Transport, StringComparison.Ordinal);

        var sink = TransferSink.ToPath(folder.At("back"));
        await StopWhenVerifiedAsync(node, request, (stopped, stop) => client.ReceiveAsync(stopped, sink, null, stop));
        Assert.False(File.Exists(folder.At("back")));
        var back = await client.ReceiveAsync(request, sink);
        Assert.Equal((bytes.Length, 0L, sent.Root), (back.SkippedBytes, back.Bulk!.PayloadBytes, back.Root));
        Assert.True(File.ReadAllBytes(folder.At("back")).AsSpan().SequenceEqual(bytes));
        Assert.Empty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_sent_is_not_committed()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = _folder.Write("disk.img", TestFolder.Noise(8 * Extent, 9));
        node.Observer.OnBytes = _ => File.SetLastWriteTimeUtc(source, DateTime.UtcNow.AddMinutes(1));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(node.Request("o") with { Datacenter = Wish }, TransferSource.FromPaths(source)));
        Assert.Equal(DwcpErrorCode.LocalFile, e.Code);
        Assert.Contains("changed while it was sent", e.Message);
        Assert.Empty(node.Store.OpenPrincipal("alice").List());
    }

    [Fact]
    public async Task A_quota_refuses_before_a_byte_travels()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy() }, new Storage.ObjectStoreOptions { QuotaBytes = 5_000_000 });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = _folder.Write("disk.img", TestFolder.Noise(6_000_000, 10));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(node.Request("o") with { Datacenter = Wish }, TransferSource.FromPaths(source)));
        Assert.Equal(DwcpErrorCode.QuotaExceeded, e.Code);
        Assert.Equal(0, node.Observer.Raw);
    }

    [Fact]
    public async Task Transfers_that_did_not_end_count_against_the_quota_until_they_resume()
    {
        await using var store = Storage.ObjectStore.Open(_folder.At("store"), new Storage.ObjectStoreOptions { QuotaBytes = 9 * Extent });
        var alice = store.OpenPrincipal("alice");
        var (first, second) = (new byte[BulkLimits.IdentityBytes], new byte[BulkLimits.IdentityBytes]);
        second[0] = 1;
        using (var begun = alice.OpenBulk(RelativePath.Parse("o"), 6 * Extent, first)) begun.Partial.Begin(forget: false, null, default);
        var e = Assert.Throws<DwcpTransferException>(() => alice.OpenBulk(RelativePath.Parse("o"), 6 * Extent, second));
        Assert.Equal(DwcpErrorCode.QuotaExceeded, e.Code);
        alice.OpenBulk(RelativePath.Parse("o"), 6 * Extent, first).Dispose();
    }

    [Fact]
    public async Task A_killed_node_costs_what_was_not_verified_and_no_more()
    {
        var (first, port) = await NodeProcess.StartAsync(_folder.At("store"));
        using var killed = first;
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(64 * Extent, 11);
        var source = _folder.Write("disk.img", bytes);
        var sending = client.SendAsync(
            TestNode.RequestTo(port, "o") with { Datacenter = Wish, GiveUpAfter = TimeSpan.FromMinutes(2), MaxRate = 48_000_000 }, TransferSource.FromPaths(source));
        while (killed.ReceivedBytes < 16 * Extent && !sending.IsCompleted) await Task.Delay(1);
        Assert.False(sending.IsCompleted, "it ended before the node was killed");
        await killed.KillAsync();
        var (second, _) = await NodeProcess.StartAsync(_folder.At("store"), port);
        using var restarted = second;
        var result = await sending;
        Assert.True(result.Attempts > 1);
        Assert.True(result.SkippedBytes >= 16 * Extent, $"only {result.SkippedBytes} bytes were kept");
        var sink = TransferSink.ToMemory(bytes.Length);
        await client.ReceiveAsync(TestNode.RequestTo(port, "o"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
    }

    private static async Task StopAfterAsync(TestNode node, long bytes, Func<CancellationToken, Task> transfer)
    {
        using var stop = new CancellationTokenSource();
        node.Observer.OnBytes = raw =>
        {
            if (raw >= bytes) stop.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transfer(stop.Token));
        node.Observer.OnBytes = null;
        await SessionsEndAsync(node);
    }

    // The node notices the broken session on its own; until then the source counts as being received.
    private static async Task SessionsEndAsync(TestNode node)
    {
        var limit = DateTime.UtcNow.AddSeconds(60);
        while (node.Server.ActiveSessions > 0 && DateTime.UtcNow < limit) await Task.Delay(5);
        Assert.Equal(0, node.Server.ActiveSessions);
    }

    private static async Task StopWhenVerifiedAsync(TestNode node, TransferRequest request, Func<TransferRequest, CancellationToken, Task> transfer)
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transfer(request with { Datacenter = request.Datacenter! with { PayloadVerified = stop.Cancel } }, stop.Token));
        await SessionsEndAsync(node);
    }

    private static async Task AssertStoredAsync(TransferClient client, TestNode node, byte[] bytes)
    {
        var sink = TransferSink.ToMemory(bytes.Length);
        await client.ReceiveAsync(node.Request("o"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(bytes));
        Assert.Empty(node.Observer.Corruptions);
    }
}
