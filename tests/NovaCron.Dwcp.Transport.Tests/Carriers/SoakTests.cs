using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Carriers;

/// <summary>Loss on the way, a node that is killed, clients that give up: every commit is whole or absent.</summary>
public sealed class SoakTests : IDisposable
{
    private const int Objects = 8;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(31)]
    public async Task Every_commit_is_whole_or_absent(int seed)
    {
        var random = new Random(seed);
        var (node, port) = await NodeProcess.StartAsync(_folder.At("store"));
        try
        {
            await using var proxy = new DatagramProxy(port) { Loses = number => (ulong)number * 0x9E3779B97F4A7C15UL >> 32 < 0.02 * uint.MaxValue };
            await using var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier { Port = proxy.Port }, new TcpStreamsClientCarrier()]);
            var sent = new Dictionary<string, byte[]>();
            var committed = new HashSet<string>();
            for (var i = 0; i < Objects; i++)
            {
                var path = $"object{i}";
                var bytes = sent[path] = TestFolder.Noise(random.Next(500_000, 4_000_000), seed + i);
                using var stop = new CancellationTokenSource();
                // One after another: undisturbed, the node killed once something has arrived, the client gone once something has arrived.
                var killed = i % 3 == 1;
                var progress = new Once(killed ? null : i % 3 == 2 ? stop.Cancel : null);
                var request = TestNode.RequestTo(port, path) with { Mode = TransferMode.Internet, GiveUpAfter = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromMinutes(1), MaxRate = 4_000_000 };
                var sending = client.SendAsync(request, TransferSource.FromMemory(bytes), progress, stop.Token);
                if (killed)
                {
                    await Task.WhenAny(progress.Moved, sending);
                    await node.KillAsync();
                    node.Dispose();
                    (node, _) = await NodeProcess.StartAsync(_folder.At("store"), port);
                }

                try
                {
                    await sending;
                    committed.Add(path);
                }
                catch (OperationCanceledException)
                {
                    Assert.Equal(2, i % 3);
                }
            }

            await using var reader = new TransferClient([new V3ClientProtocol()]);
            foreach (var (path, bytes) in sent)
            {
                var sink = TransferSink.ToMemory(bytes.Length);
                try
                {
                    await reader.ReceiveAsync(TestNode.RequestTo(port, path), sink);
                    Assert.True(sink.Bytes.Span.SequenceEqual(bytes), $"{path} is not what was sent (seed {seed})");
                }
                catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.NotFound)
                {
                    Assert.DoesNotContain(path, committed);
                }
            }
        }
        finally
        {
            node.Dispose();
        }
    }

    private sealed class Once(Action? act) : IProgress<TransferProgress>
    {
        private readonly TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Moved => _moved.Task;

        public void Report(TransferProgress value)
        {
            if (value.UserBytes == 0 || !_moved.TrySetResult()) return;
            act?.Invoke();
        }
    }
}
