using System.Diagnostics;
using System.Globalization;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>
/// A receiver that dies by SIGKILL in the middle. 192 MiB by default; the variable DWCP_KILL_TEST_BYTES runs it at another size, such as 1073741824.
/// </summary>
public sealed class KilledReceiverTests(ITestOutputHelper output) : IDisposable
{
    private const long AllowedPerKill = 64L * 1024 * 1024;
    private const int Kills = 2;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_transfer_survives_two_kills_of_the_receiver_and_resends_at_most_64_MiB_for_each()
    {
        var total = long.Parse(Environment.GetEnvironmentVariable("DWCP_KILL_TEST_BYTES") ?? "201326592", CultureInfo.InvariantCulture);
        var tree = _folder.At("tree");
        WriteTree(tree, total);
        var (node, port) = await NodeProcess.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var start = Stopwatch.GetTimestamp();
        var sending = client.SendAsync(
            TestNode.RequestTo(port, "tree") with { GiveUpAfter = TimeSpan.FromMinutes(2), MaxRate = total / 5 },
            TransferSource.FromPaths(tree));
        var received = 0L;
        for (var kill = 1; kill <= Kills; kill++)
        {
            // Kills fall at a third and at two thirds, by the receiver's own count.
            while (received + node.ReceivedBytes < total * kill / (Kills + 1))
            {
                Assert.False(sending.IsCompleted, sending.IsFaulted ? sending.Exception.ToString() : "the transfer ended before it was to be killed");
                await Task.Delay(2);
            }

            await node.KillAsync();
            received += node.ReceivedBytes;
            output.WriteLine($"kill {kill} after {received} bytes at the receiver");
            node.Dispose();
            (node, _) = await NodeProcess.StartAsync(_folder.At("store"), port);
        }

        var result = await sending;
        received += node.ReceivedBytes;
        var elapsed = Stopwatch.GetElapsedTime(start);
        var resent = received - total;
        output.WriteLine($"{total} bytes in {elapsed.TotalSeconds:0.0} s over {result.Attempts} attempts; receiver moved {received} bytes, {resent} more than the tree ({resent / 1048576.0 / Kills:0.0} MiB a kill); client counts {result.ResentBytes} resent");
        Assert.True(result.Attempts > Kills, $"{result.Attempts} attempts");
        Assert.InRange(resent, 0, AllowedPerKill * Kills);
        Assert.InRange(result.ResentBytes, 0, AllowedPerKill * Kills);
        await client.ReceiveAsync(TestNode.RequestTo(port, "tree"), TransferSink.ToPath(_folder.At("back")));
        TestTree.AssertEqual(tree, _folder.At("back"));
        node.Dispose();
    }

    // Incompressible files of 1 KiB to 32 MiB.
    private static void WriteTree(string root, long total)
    {
        var random = new Random(20260101);
        var left = total;
        for (var i = 0; left > 0; i++)
        {
            var size = (int)Math.Min(left, i % 8 == 0 ? random.Next(1 << 20, 32 << 20) : random.Next(1 << 10, 1 << 18));
            var bytes = new byte[size];
            random.NextBytes(bytes);
            var path = Path.Combine(root, $"d{i % 10}", $"f{i}");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
            left -= size;
        }
    }
}
