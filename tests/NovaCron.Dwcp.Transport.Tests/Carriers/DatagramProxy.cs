using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Tests.Carriers;

/// <summary>A UDP relay for one client: it can swallow everything, and change the port that the node sees, as a NAT does.</summary>
internal sealed class DatagramProxy : IAsyncDisposable
{
    private readonly Socket _front = Bind();
    private readonly CancellationTokenSource _stop = new();
    private readonly IPEndPoint _node;
    private readonly List<Task> _relays = [];
    private volatile Socket _back = Bind();
    private volatile IPEndPoint? _client;
    private volatile bool _blocked;
    private long _forwarded;

    public DatagramProxy(int node)
    {
        _node = new IPEndPoint(IPAddress.Loopback, node);
        _relays.Add(RelayToNodeAsync());
        _relays.Add(RelayToClientAsync(_back));
    }

    public int Port => ((IPEndPoint)_front.LocalEndPoint!).Port;

    public bool Blocked
    {
        get => _blocked;
        set => _blocked = value;
    }

    /// <summary>Blocks for good after so many datagrams of the client.</summary>
    public long BlockAfter { get; init; } = long.MaxValue;

    /// <summary>Changes the node's view of the client's port after so many datagrams of the client.</summary>
    public long RebindAfter { get; init; } = long.MaxValue;

    public int Rebinds { get; private set; }

    /// <summary>Decides, by the number of a datagram of the client, whether it is lost; the node's are lost alike.</summary>
    public Func<long, bool> Loses { get; init; } = static _ => false;

    /// <summary>Called before each of the client's datagrams is passed on, with its number from 1.</summary>
    public Func<long, ValueTask>? Forwarding { get; init; }

    public long Forwarded => Interlocked.Read(ref _forwarded);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_relays);
        _front.Dispose();
        _back.Dispose();
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20, SendBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private async Task RelayToNodeAsync()
    {
        var buffer = new byte[65_536];
        while (await ReceiveAsync(_front, buffer) is { } received)
        {
            _client = (IPEndPoint)received.RemoteEndPoint;
            var count = Interlocked.Increment(ref _forwarded);
            if (Forwarding is not null) await Forwarding(count);
            if (count == BlockAfter) Blocked = true;
            if (count == RebindAfter)
            {
                Rebinds++;
                _back = Bind();
                _relays.Add(RelayToClientAsync(_back));
            }

            if (!Blocked && !Loses(count)) await _back.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), _node);
        }
    }

    private async Task RelayToClientAsync(Socket back)
    {
        var buffer = new byte[65_536];
        var count = 0L;
        while (await ReceiveAsync(back, buffer) is { } received)
        {
            if (!Blocked && !Loses(++count) && _client is { } client) await _front.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), client);
        }
    }

    private async Task<SocketReceiveFromResult?> ReceiveAsync(Socket socket, byte[] buffer)
    {
        try
        {
            return await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            return null; // stopped
        }
    }
}
