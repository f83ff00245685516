using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A TCP relay that cuts a connection after a number of bytes, as often as it is told.</summary>
internal sealed class BreakingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<long> _limits;
    private readonly int _target;
    private readonly Task _accepting;
    private int _cuts;

    /// <param name="target">The node's port.</param>
    /// <param name="limits">Bytes, both directions together, after which the first, second ... connection is cut; later ones live.</param>
    public BreakingProxy(int target, params long[] limits)
    {
        _target = target;
        _limits = new Queue<long>(limits);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Cuts => Volatile.Read(ref _cuts);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                relays.Add(RelayAsync(client, _limits.TryDequeue(out var limit) ? limit : long.MaxValue));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task RelayAsync(TcpClient client, long limit)
    {
        using var node = new TcpClient();
        await node.ConnectAsync(IPAddress.Loopback, _target);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var left = limit;
        async Task CopyAsync(NetworkStream from, NetworkStream to)
        {
            var buffer = new byte[32 * 1024];
            try
            {
                int read;
                while ((read = await from.ReadAsync(buffer, cut.Token)) > 0)
                {
                    if (Interlocked.Add(ref left, -read) is var rest and < 0)
                    {
                        // Both directions may find the limit passed; the one that passed it cut the connection.
                        if (rest + read >= 0) Interlocked.Increment(ref _cuts);
                        await cut.CancelAsync();
                        return;
                    }

                    await to.WriteAsync(buffer.AsMemory(0, read), cut.Token);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            finally
            {
                await cut.CancelAsync();
            }
        }

        using (client) await Task.WhenAll(CopyAsync(client.GetStream(), node.GetStream()), CopyAsync(node.GetStream(), client.GetStream()));
    }
}
