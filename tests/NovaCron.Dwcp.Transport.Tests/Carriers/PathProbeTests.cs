using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Carriers;

/// <summary>A test of a path tries every way, says which one a transfer takes, and leaves nothing behind.</summary>
public sealed class PathProbeTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_way_is_measured_and_nothing_stays_on_the_node()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), options => options with { Carriers = [new DatagramServerCarrier(), new TcpStreamsServerCarrier()] });
        var report = await PathProbe.RunAsync(node.Request("probe"), bytes: 300_000);
        foreach (var name in (string[])["UDP", "TCP+TLS"]) Assert.True(report.Ways.Single(w => w.Name == name) is { Works: true, BytesPerSecond: > 0 }, name);
        Assert.True(report.Ways.Single(w => w.Name.EndsWith("TCP streams", StringComparison.Ordinal)).Works);
        // This node's policy offers the bulk path to nobody.
        Assert.Contains("does not offer it", report.Ways.Single(w => w.Name == "bulk path").Detail);
        Assert.Equal("TCP+TLS", report.Chosen);
        Assert.NotEmpty(report.Reasons);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        Assert.Empty(await client.ListAsync(node.Request("probe")));
    }

    [Fact]
    public async Task A_node_without_UDP_is_told_as_that()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        var report = await PathProbe.RunAsync(node.Request("probe"), bytes: 10_000);
        Assert.Contains("does not offer it", report.Ways.Single(w => w.Name == "UDP").Detail);
        Assert.True(report.Ways.Single(w => w.Name == "TCP+TLS").Works);
    }

    [Fact]
    public async Task Nobody_there_is_an_error_not_a_report() =>
        await Assert.ThrowsAsync<DwcpTransferException>(() => PathProbe.RunAsync(TestNode.RequestTo(1, "probe") with { GiveUpAfter = TimeSpan.Zero }, bytes: 1000));
}
