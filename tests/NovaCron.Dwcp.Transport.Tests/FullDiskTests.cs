using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A node whose kernel lets no file of its store grow any further.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_transfer_that_fills_the_store_is_refused_clearly_keeps_what_was_committed_and_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits of file size are set with bash's ulimit here");
        var small = TestFolder.Noise(1_000_000, 1);
        var large = TestFolder.Noise(48_000_000, 2);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var (node, port) = await NodeProcess.StartAsync(_folder.At("store"), largestFile: 24 << 20);
        using (node)
        {
            await client.SendAsync(TestNode.RequestTo(port, "small"), TransferSource.FromMemory(small));
            var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(TestNode.RequestTo(port, "large"), TransferSource.FromMemory(large)));
            Assert.Equal((DwcpErrorCode.DiskFull, DwcpFault.Server), (e.Code, e.Fault));
            Assert.Contains("free space", e.Message);
            await AssertHoldsAsync(port, "small", small);
            e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.ReceiveAsync(TestNode.RequestTo(port, "large"), TransferSink.ToMemory()));
            Assert.Equal(DwcpErrorCode.NotFound, e.Code);
        }

        (node, port) = await NodeProcess.StartAsync(_folder.At("store"));
        using (node)
        {
            var result = await client.SendAsync(TestNode.RequestTo(port, "large"), TransferSource.FromMemory(large));
            Assert.True(result.SkippedBytes > 1_000_000, $"only {result.SkippedBytes} bytes of the refused transfer were kept");
            await AssertHoldsAsync(port, "small", small);
            await AssertHoldsAsync(port, "large", large);
        }

        async Task AssertHoldsAsync(int at, string path, byte[] expected)
        {
            var sink = TransferSink.ToMemory();
            await client.ReceiveAsync(TestNode.RequestTo(at, path), sink);
            Assert.True(sink.Bytes.Span.SequenceEqual(expected), path);
        }
    }
}
