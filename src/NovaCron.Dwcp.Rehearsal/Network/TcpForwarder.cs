using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Rehearsal.Network;

/// <summary>
/// Passes TCP connections to one address on to the endpoints of a Service, each connection to one of them, at random. An endpoint that leaves
/// gets no new connections and keeps those it has.
/// </summary>
internal sealed class TcpForwarder : IPortForwarder
{
    private const int BufferSize = 128 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private readonly Task _accepting;
    private IPEndPoint[] _endpoints;

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public TcpForwarder(IPEndPoint local, IPEndPoint[] endpoints)
    {
        _endpoints = endpoints;
        try
        {
            _listener.Bind(local);
            _listener.Listen(512);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        _accepting = AcceptAsync();
    }

    public void SetEndpoints(IPEndPoint[] endpoints) => Volatile.Write(ref _endpoints, endpoints);

    /// <summary>Stops accepting; open connections go on until their ends close them.</summary>
    public void StopListening() => _listener.Dispose();

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Keys).ConfigureAwait(false);
        _stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
            var connection = Task.Run(() => ServeAsync(client));
            _connections[connection] = true;
            _ = connection.ContinueWith(done => _connections.TryRemove(done, out var _), CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            client.NoDelay = true;
            using var server = await ConnectAsync().ConfigureAwait(false);
            if (server is null)
            {
                // As kube-proxy's REJECT looks to a client that is already connected: a reset.
                client.LingerState = new LingerOption(true, 0);
                return;
            }
            var (up, down) = (RelayAsync(client, server), RelayAsync(server, client));
            await Task.WhenAll(up, down).ConfigureAwait(false);
        }
    }

    private async Task<Socket?> ConnectAsync()
    {
        var endpoints = Volatile.Read(ref _endpoints);
        // At random, as kube-proxy chooses: in turn, whoever opens two connections a request has the second ones all at the same pod.
        var first = (uint)Random.Shared.Next();
        for (uint i = 0; i < endpoints.Length; i++)
        {
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token);
            limit.CancelAfter(ConnectTimeout);
            try
            {
                await server.ConnectAsync(endpoints[(first + i) % endpoints.Length], limit.Token).ConfigureAwait(false);
                return server;
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // This endpoint died before anybody noticed: the next one.
                server.Dispose();
            }
        }
        return null;
    }

    // One direction. Its end is passed on as a half-close, an error as a reset of both sides.
    private async Task RelayAsync(Socket from, Socket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, _stopped.Token).ConfigureAwait(false)) > 0)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stopped.Token).ConfigureAwait(false);
                }
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset(from);
            Reset(to);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
        socket.Dispose();
    }
}
