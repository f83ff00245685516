using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using k8s;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// A port of a pod on this machine, as <c>kubectl port-forward</c> gives it: each connection to <see cref="EndPoint"/> goes through the API server and ends inside
/// the pod. For TCP only. It works wherever the API server can be reached, and is as fast as the way through it.
/// </summary>
public sealed class PodForward : IDisposable
{
    private const int BufferSize = 64 * 1024;

    /// <summary>How long a pod may go on answering a client that has said all it had to say.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IKubernetes _client;
    private readonly string _namespace;
    private readonly string _pod;
    private readonly int _port;
    private string? _problem;

    private PodForward(IKubernetes client, string @namespace, string pod, int port)
    {
        _client = client;
        _namespace = @namespace;
        _pod = pod;
        _port = port;
    }

    /// <summary>Where it listens: the loopback address, a port that the system chose.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>What kept the last connection from the pod; null while nothing did.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    internal static PodForward Open(IKubernetes client, string @namespace, string pod, int port)
    {
        var forward = new PodForward(client, @namespace, pod, port);
        forward._listener.Start();
        _ = forward.AcceptAsync();
        return forward;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var connection = await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
                _ = ServeAsync(connection);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                if (_stop.IsCancellationRequested)
                    return;
                Volatile.Write(ref _problem, e.Message);
            }
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using var _ = connection;
        try
        {
            connection.NoDelay = true;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            await using var pod = await PodTunnel.ConnectAsync(_client, _namespace, _pod, _port, ended.Token).ConfigureAwait(false);
            await using var local = connection.GetStream();
            var up = local.CopyToAsync(pod, BufferSize, ended.Token);
            var down = pod.CopyToAsync(local, BufferSize, ended.Token);
            // A port-forward knows no half-closed connection: the first end is the end, after what the pod still says when we were done first.
            var first = await Task.WhenAny(up, down).ConfigureAwait(false);
            if (first == up && up.IsCompletedSuccessfully)
                await Task.WhenAny(down, Task.Delay(Farewell, ended.Token)).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or WebSocketException or OperationCanceledException or ObjectDisposedException or HttpRequestException
            or k8s.Autorest.HttpOperationException)
        {
            if (!_stop.IsCancellationRequested)
                Volatile.Write(ref _problem, (e.InnerException ?? e).Message);
        }
    }

    /// <summary>Stops listening and ends every connection.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }
}
