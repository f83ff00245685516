using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Rehearsal.Network;

/// <summary>
/// Passes datagrams to one address on to the endpoints of a Service and the answers back. A client keeps its endpoint until it was silent for a
/// minute or the endpoint left, as with the kernel's connection tracking.
/// </summary>
internal sealed class UdpForwarder : IPortForwarder
{
    private const int LargestDatagram = 65_535;
    private const int SocketBuffer = 4 * 1024 * 1024;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<SocketAddress, Flow> _flows = new();
    private readonly Task _receiving;
    private IPEndPoint[] _endpoints;

    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public UdpForwarder(IPEndPoint local, IPEndPoint[] endpoints)
    {
        _endpoints = endpoints;
        try
        {
            _listener.ReceiveBufferSize = SocketBuffer;
            _listener.SendBufferSize = SocketBuffer;
            _listener.Bind(local);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        _receiving = ReceiveAsync();
    }

    public void SetEndpoints(IPEndPoint[] endpoints)
    {
        Volatile.Write(ref _endpoints, endpoints);
        foreach (var (client, flow) in _flows)
        {
            if (!endpoints.Contains(flow.Endpoint) && _flows.TryRemove(client, out var left))
            {
                left.Dispose();
            }
        }
    }

    public void StopListening() => _stopped.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        foreach (var flow in _flows.Values)
        {
            flow.Dispose();
        }
        _listener.Dispose();
        _stopped.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[LargestDatagram];
        var sender = new SocketAddress(AddressFamily.InterNetwork);
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var length = await _listener.ReceiveFromAsync(buffer, SocketFlags.None, sender, _stopped.Token).ConfigureAwait(false);
                if (FlowOf(sender) is { } flow)
                {
                    await flow.SendAsync(buffer.AsMemory(0, length)).ConfigureAwait(false);
                }
            }
            catch (SocketException)
            {
                // An ICMP message about an earlier datagram; datagrams may be lost.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private Flow? FlowOf(SocketAddress sender)
    {
        if (_flows.TryGetValue(sender, out var known))
        {
            return known;
        }
        var endpoints = Volatile.Read(ref _endpoints);
        if (endpoints.Length == 0)
        {
            return null;
        }
        var client = new SocketAddress(sender.Family, sender.Size);
        sender.Buffer.Span[..sender.Size].CopyTo(client.Buffer.Span);
        var flow = new Flow(this, client, endpoints[Random.Shared.Next(endpoints.Length)]);
        _flows[client] = flow;
        _ = flow.ReturnAsync();
        return flow;
    }

    /// <summary>One client and its endpoint, over a socket of its own so that answers find back.</summary>
    private sealed class Flow : IDisposable
    {
        private readonly UdpForwarder _owner;
        private readonly SocketAddress _client;
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private long _lastUse = Environment.TickCount64;

        public Flow(UdpForwarder owner, SocketAddress client, IPEndPoint endpoint)
        {
            (_owner, _client, Endpoint) = (owner, client, endpoint);
            _socket.ReceiveBufferSize = SocketBuffer;
            _socket.SendBufferSize = SocketBuffer;
            _socket.Connect(endpoint);
        }

        public IPEndPoint Endpoint { get; }

        public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram)
        {
            Volatile.Write(ref _lastUse, Environment.TickCount64);
            try
            {
                await _socket.SendAsync(datagram, SocketFlags.None).ConfigureAwait(false);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Lost, as datagrams may be.
            }
        }

        public async Task ReturnAsync()
        {
            var buffer = new byte[LargestDatagram];
            using var reaper = new Timer(_ => CloseIfIdle(), null, Idle, Idle);
            while (true)
            {
                try
                {
                    var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _owner._stopped.Token).ConfigureAwait(false);
                    Volatile.Write(ref _lastUse, Environment.TickCount64);
                    await _owner._listener.SendToAsync(buffer.AsMemory(0, length), SocketFlags.None, _client, _owner._stopped.Token).ConfigureAwait(false);
                }
                catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
                {
                    // The endpoint is not listening now; it may again.
                }
                catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
                {
                    Dispose();
                    return;
                }
            }
        }

        public void Dispose()
        {
            _owner._flows.TryRemove(new(_client, this));
            _socket.Dispose();
        }

        private void CloseIfIdle()
        {
            if (Environment.TickCount64 - Volatile.Read(ref _lastUse) > Idle.TotalMilliseconds)
            {
                Dispose();
            }
        }
    }
}
