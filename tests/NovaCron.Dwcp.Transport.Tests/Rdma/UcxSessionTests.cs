using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Tests.Datacenter;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Rdma;

/// <summary>The bulk path over UCX, whole: a session, a worker process of the node, shared memory between the two.</summary>
[Collection("UCX, one at a time")]
public sealed class UcxSessionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static DatacenterPolicy Policy { get; } = BulkTests.Policy() with { RdmaIdentities = new HashSet<string> { "alice" }, WorkerCommand = Command() };

    private static string[] Command() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, typeof(Program).Assembly.Location, BulkWorker.Verb]
        : [Environment.ProcessPath!, BulkWorker.Verb];

    private static TransferRequest Request(TestNode node, string principal = "alice") => node.Request("vm/disk") with
    {
        ApiKey = null,
        ClientCertificate = TestIdentity.Shared.IssueClient(principal),
        Datacenter = BulkTests.Wish,
        GiveUpAfter = TimeSpan.FromSeconds(40),
    };

    [Fact]
    public async Task A_known_machine_puts_and_gets_over_shared_memory()
    {
        if (UcxLibrary.Instance is null) Assert.Skip(UcxLibrary.Finding);
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise((9 * BulkLimits.ExtentBytes) + 77, 1);
        var sent = await client.SendAsync(Request(node), TransferSource.FromPaths(_folder.Write("disk.img", bytes)));
        Assert.Equal("shared memory (UCX)", sent.Transport);
        Assert.Equal((true, bytes.Length), (sent.Bulk!.Authenticated, sent.Bulk.PayloadBytes));
        var back = await client.ReceiveAsync(Request(node), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal(("shared memory (UCX)", sent.Root), (back.Transport, back.Root));
        Assert.True(File.ReadAllBytes(_folder.At("back")).AsSpan().SequenceEqual(bytes));
        Assert.Empty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task Whoever_holds_a_key_and_no_known_certificate_gets_plain_sockets()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = TransferSource.FromPaths(_folder.Write("disk.img", TestFolder.Noise(5_000_000, 2)));
        Assert.Equal("sockets", (await client.SendAsync(node.Request("o") with { Datacenter = BulkTests.Wish }, source)).Transport);
        Assert.Equal("sockets", (await client.SendAsync(Request(node, "bob"), source)).Transport);
    }

    [Theory]
    [InlineData("/nowhere/dwcpd", "cannot be started")]
    [InlineData("/bin/true", "died")]
    public async Task A_worker_that_cannot_be_started_or_dies_before_payload_gives_way_to_sockets(string command, string reason)
    {
        if (UcxLibrary.Instance is null) Assert.Skip(UcxLibrary.Finding);
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy with { WorkerCommand = [command] } });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = TransferSource.FromPaths(_folder.Write("disk.img", TestFolder.Noise(5_000_000, 3)));
        var sent = await client.SendAsync(Request(node), source);
        Assert.Equal(("sockets", 1), (sent.Transport, sent.Attempts));
        Assert.Contains(sent.Reasons, r => r.Contains(reason, StringComparison.Ordinal));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(Request(node) with { Datacenter = BulkTests.Wish with { Carriers = BulkCarrier.Ucx } }, source));
        Assert.Equal(DwcpErrorCode.BulkUnavailable, e.Code);
        Assert.Contains(reason, e.Message);
    }

    [Fact]
    public async Task A_transport_that_the_client_lacks_gives_way_to_sockets_in_the_same_session()
    {
        if (UcxLibrary.Instance is null) Assert.Skip(UcxLibrary.Finding);
        if (RdmaReadiness.Check().IsReady) Assert.Skip("This machine has RDMA.");
        // Where there is no device for it the node's own side fails, too: either way the file arrives, and the reason is told.
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy with { UcxTransports = "rc_verbs,self" } });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(5_000_000, 5);
        var sent = await client.SendAsync(Request(node), TransferSource.FromPaths(_folder.Write("disk.img", bytes)));
        Assert.Equal(("sockets", 1), (sent.Transport, sent.Attempts));
        Assert.Contains(sent.Reasons, r => r.Contains("UCX", StringComparison.Ordinal));
        var back = await client.ReceiveAsync(Request(node), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal(("sockets", sent.Root), (back.Transport, back.Root));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("tcp,self")]
    public async Task Of_what_is_all_there_no_payload_travels_and_no_carrier_is_opened(string? transports)
    {
        if (UcxLibrary.Instance is null) Assert.Skip(UcxLibrary.Finding);
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy with { UcxTransports = transports ?? Policy.UcxTransports } });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await BulkTests.ResumeWithNothingMissingAsync(client, node, Request(node), _folder);
    }

    [Fact]
    public async Task TCP_by_UCX_carries_messages_both_ways()
    {
        if (UcxLibrary.Instance is null) Assert.Skip(UcxLibrary.Finding);
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy with { UcxTransports = "tcp,self" } });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise((10 * BulkLimits.ExtentBytes) + 70_001, 6);
        var sent = await client.SendAsync(Request(node), TransferSource.FromPaths(_folder.Write("disk.img", bytes)));
        Assert.Equal(("TCP (UCX)", 1), (sent.Transport, sent.Attempts));
        var back = await client.ReceiveAsync(Request(node), TransferSink.ToPath(_folder.At("back")));
        Assert.Equal(("TCP (UCX)", sent.Root), (back.Transport, back.Root));
        Assert.True(File.ReadAllBytes(_folder.At("back")).AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task Requiring_RDMA_where_there_is_none_says_what_is_missing()
    {
        if (RdmaReadiness.Check().IsReady) Assert.Skip("This machine has RDMA.");
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = Policy });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = TransferSource.FromPaths(_folder.Write("disk.img", TestFolder.Noise(5_000_000, 4)));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(Request(node) with { Datacenter = BulkTests.Wish with { RequireRdma = true } }, source));
        Assert.Equal(DwcpErrorCode.BulkUnavailable, e.Code);
        Assert.Contains("RDMA is required", e.Message);
        Assert.Contains("device:", e.Message);
    }
}
