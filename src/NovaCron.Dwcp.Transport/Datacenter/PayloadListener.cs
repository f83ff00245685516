using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Listens for the payload's connection of one bulk stream, and takes only who shows the token that the session carried.</summary>
internal sealed class PayloadListener : IDisposable
{
    // Connections that have not shown the token yet, at once; and how long each may take for it.
    private const int MaxStrangers = 64;
    private static readonly TimeSpan TokenPatience = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;

    private PayloadListener(Socket listener) => _listener = listener;

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <exception cref="DwcpTransferException">No port of the range is free.</exception>
    public static PayloadListener Open(IPAddress address, int firstPort, int lastPort)
    {
        for (var port = firstPort; ; port++)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                socket.Listen(4);
                return new PayloadListener(socket);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (e.SocketErrorCode == SocketError.AddressAlreadyInUse && port < lastPort) continue;
                throw new DwcpTransferException(
                    DwcpErrorCode.BulkUnavailable, DwcpFault.Server, $"The node has no free port for payload at {address} ({firstPort}-{lastPort}): {e.Message}. Use the session itself, or widen the range.", e);
            }
        }
    }

    /// <summary>Waits for the connection that shows the token; strangers are dropped, and none of them keeps it waiting.</summary>
    /// <exception cref="DwcpTransferException">It did not come in time.</exception>
    public async Task<Socket> AcceptAsync(ReadOnlyMemory<byte> token, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limit);
        var asked = new List<Task<Socket?>>(MaxStrangers);
        Task<Socket>? next = null;
        Socket? found = null;
        try
        {
            while (found is null)
            {
                if (asked.Count < MaxStrangers) next ??= _listener.AcceptAsync(patience.Token).AsTask();
                var done = await Task.WhenAny([.. asked, .. next is null ? Array.Empty<Task>() : [next]]).ConfigureAwait(false);
                if (done == next)
                {
                    var come = await next.ConfigureAwait(false);
                    next = null;
                    asked.Add(AskAsync(come, token, patience.Token));
                }
                else
                {
                    var answered = (Task<Socket?>)done;
                    asked.Remove(answered);
                    found = await answered.ConfigureAwait(false);
                }
            }

            return found;
        }
        catch (Exception e) when ((e is OperationCanceledException && !cancellationToken.IsCancellationRequested) || e is SocketException)
        {
            throw new DwcpTransferException(
                DwcpErrorCode.TimedOut, DwcpFault.Client, $"Nobody opened the payload's connection within {limit.TotalSeconds:0} s. Check that the port is reachable from the client.", e);
        }
        finally
        {
            await patience.CancelAsync().ConfigureAwait(false);
            if (next is not null) asked.Add(DropAsync(next));
            foreach (var other in asked) (await other.ConfigureAwait(false))?.Dispose();
        }
    }

    public static async Task<Socket> ConnectAsync(IPEndPoint peer, ReadOnlyMemory<byte> token, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limit);
        var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(peer, patience.Token).ConfigureAwait(false);
            await socket.SendAsync(token, patience.Token).ConfigureAwait(false);
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                throw new DwcpTransferException(
                    DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"The payload's connection to {peer} cannot be opened: {e.Message} Check that the node's payload ports are reachable.", e);
            }

            throw;
        }
    }

    /// <summary>The address without the dress that a socket of both families gives it.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    public void Dispose() => _listener.Dispose();

    // A stranger's connection is dropped; what it does to its own connection is not our failure.
    private static async Task<Socket?> AskAsync(Socket socket, ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TokenPatience);
        var shown = new byte[BulkLimits.TokenBytes];
        try
        {
            var have = 0;
            while (have < shown.Length)
            {
                var read = await socket.ReceiveAsync(shown.AsMemory(have), patience.Token).ConfigureAwait(false);
                if (read == 0) break;
                have += read;
            }

            if (have == shown.Length && CryptographicOperations.FixedTimeEquals(shown, token.Span)) return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // it broke, said nothing, or somebody else has shown the token by now
        }

        socket.Dispose();
        return null;
    }

    private static async Task<Socket?> DropAsync(Task<Socket> accepting)
    {
        try
        {
            return await accepting.ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
