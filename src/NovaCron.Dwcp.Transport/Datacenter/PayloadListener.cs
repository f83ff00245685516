using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Listens for the payload's connection of one bulk stream, and takes only who shows the token that the session carried.</summary>
internal sealed class PayloadListener : IDisposable
{
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

    public async Task<Socket> AcceptAsync(ReadOnlyMemory<byte> token, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limit);
        var shown = new byte[BulkLimits.TokenBytes];
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(patience.Token).ConfigureAwait(false);
                if (await ShowsTokenAsync(socket, shown, token, patience.Token).ConfigureAwait(false)) return socket;
                socket.Dispose();
            }
        }
        catch (Exception e) when ((e is OperationCanceledException && !cancellationToken.IsCancellationRequested) || e is SocketException)
        {
            throw new DwcpTransferException(
                DwcpErrorCode.TimedOut, DwcpFault.Client, $"Nobody opened the payload's connection within {limit.TotalSeconds:0} s. Check that the port is reachable from the client.", e);
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
    private static async Task<bool> ShowsTokenAsync(Socket socket, byte[] shown, ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            var have = 0;
            while (have < shown.Length)
            {
                var read = await socket.ReceiveAsync(shown.AsMemory(have), patience.Token).ConfigureAwait(false);
                if (read == 0) return false;
                have += read;
            }

            return CryptographicOperations.FixedTimeEquals(shown, token.Span);
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
