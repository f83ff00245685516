using System.Net;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

public class UdpBatchSocketTests
{
    [Theory]
    [InlineData(true, "127.0.0.1")]
    [InlineData(false, "127.0.0.1")]
    [InlineData(true, "::1")]
    public void What_waits_from_several_senders_is_received_whole_and_from_the_right_one(bool batch, string address)
    {
        const int rounds = 20;
        const int segment = 1000;
        const int together = 5;
        var loopback = new IPEndPoint(IPAddress.Parse(address), 0);
        using var receiver = new UdpBatchSocket(loopback, batch);
        using var one = new UdpBatchSocket(loopback, batch);
        using var other = new UdpBatchSocket(loopback, batch);
        UdpBatchSocket[] senders = [one, other];
        var data = new byte[(segment * together) - 300];
        var expected = new Dictionary<int, List<byte>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var sender in senders)
            {
                // Every datagram's first byte is new for its sender; the last of a run is shorter.
                if (!expected.TryGetValue(sender.LocalEndPoint.Port, out var firsts)) expected.Add(sender.LocalEndPoint.Port, firsts = []);
                for (var at = 0; at < data.Length; at += segment)
                {
                    data[at] = (byte)firsts.Count;
                    firsts.Add(data[at]);
                }

                sender.Send(data, segment, receiver.LocalEndPoint);
            }
        }

        var received = senders.ToDictionary(s => s.LocalEndPoint.Port, _ => new List<byte>());
        while (received.Values.Sum(r => r.Count) < 2 * rounds * together)
        {
            var count = receiver.Receive();
            Assert.InRange(count, 1, receiver.ReceivedAtOnce);
            for (var i = 0; i < count; i++)
            {
                var run = receiver.Received(i, out var size, out var from);
                Assert.Equal(loopback.Address, from.Address);
                for (var at = 0; at < run.Length; at += size)
                {
                    received[from.Port].Add(run[at]);
                    Assert.Equal(received[from.Port].Count % together == 0 ? segment - 300 : segment, Math.Min(size, run.Length - at));
                }
            }
        }

        foreach (var (port, firsts) in expected) Assert.Equal(firsts, received[port]);
    }
}
