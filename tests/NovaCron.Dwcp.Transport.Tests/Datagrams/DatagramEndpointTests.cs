using System.Net;
using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

public class DatagramEndpointTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_cross_real_sockets_with_and_without_batch_calls(bool batch)
    {
        using var client = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0), batch);
        using var server = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0), batch);
        var secret = RandomNumberGenerator.GetBytes(32);
        var options = new DatagramConnectionOptions();
        var near = new DatagramConnection(
            true, 11, 22, secret, server.LocalEndPoint, true, new AcpController(1472), options, DatagramEndpoint.Clock(), client.Wake);
        var far = new DatagramConnection(
            false, 22, 11, secret, client.LocalEndPoint, true, new AcpController(1472), options, DatagramEndpoint.Clock(), server.Wake);
        client.Add(near);
        server.Add(far);
        const int size = 16 << 20;
        var data = RandomNumberGenerator.GetBytes(1 << 20);
        var write = Task.Run(async () =>
        {
            await using var stream = await near.OpenStreamAsync(StreamPriority.Bulk);
            for (var at = 0; at < size; at += data.Length) await stream.WriteAsync(data);
            stream.CompleteWrites();
        });
        var read = Task.Run(async () =>
        {
            var stream = await far.AcceptStreamAsync();
            var buffer = new byte[1 << 20];
            var total = 0;
            while (true)
            {
                var count = await stream.ReadAsync(buffer.AsMemory(0, buffer.Length - (total % buffer.Length)));
                if (count == 0) return total;
                Assert.True(buffer.AsSpan(0, count).SequenceEqual(data.AsSpan(total % data.Length, count)), $"bytes differ at {total}");
                total += count;
            }
        });
        Assert.Equal(size, await read.WaitAsync(TimeSpan.FromMinutes(2)));
        await write.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(0, far.Unauthenticated);
    }

    [Fact]
    public async Task A_connection_whose_peer_is_gone_ends_by_itself_and_the_endpoint_goes_on()
    {
        using var client = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0));
        var options = new DatagramConnectionOptions { IdleTimeout = TimeSpan.FromMilliseconds(300) };
        var near = new DatagramConnection(
            true, 11, 22, new byte[32], new IPEndPoint(IPAddress.Loopback, 9), true, new AcpController(1472), options, DatagramEndpoint.Clock(), client.Wake);
        client.Add(near);
        near.Greet();
        var error = await Assert.ThrowsAsync<DwcpTransferException>(async () => await near.WaitForPeerAsync().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(DwcpErrorCode.TimedOut, error.Code);
        Assert.Null(client.Failure);
    }

    [Fact]
    public async Task Both_ends_hear_of_a_goodbye()
    {
        using var client = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0));
        using var server = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0));
        var options = new DatagramConnectionOptions();
        var near = new DatagramConnection(
            true, 1, 2, new byte[32], server.LocalEndPoint, true, new AcpController(1472), options, DatagramEndpoint.Clock(), client.Wake);
        var far = new DatagramConnection(
            false, 2, 1, new byte[32], new IPEndPoint(IPAddress.Loopback, 1), false, new AcpController(1472), options, DatagramEndpoint.Clock(), server.Wake);
        client.Add(near);
        server.Add(far);
        near.Greet();
        await near.WaitForPeerAsync().WaitAsync(TimeSpan.FromMinutes(1));
        near.Close(7, "enough");
        var error = await Assert.ThrowsAsync<DwcpTransferException>(async () => await far.AcceptStreamAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Contains("enough", error.Message);
    }
}
