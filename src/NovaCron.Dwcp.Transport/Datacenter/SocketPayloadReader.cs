using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Reads extents one behind another from a TCP connection, into the receiver's own buffer.</summary>
internal sealed class SocketPayloadReader : IPayloadReader
{
    private readonly Socket _socket;
    private readonly SocketSignal _signal = new();

    /// <param name="socket">Belongs to this reader from now on.</param>
    public SocketPayloadReader(Socket socket)
    {
        _socket = socket;
        SocketCalls.MakeBlocking(socket);
    }

    public bool ReadsAfterNotice => false;

    public void Read(long number, int offset, Span<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            int read;
            try
            {
                read = SocketCalls.Receive(_socket, piece);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                throw SocketSignal.Broken(e);
            }

            if (read == 0) throw SocketSignal.Broken(null);
            piece = piece[read..];
        }
    }

    public void Wait() => _signal.Wait();

    public void Wake() => _signal.Set();

    public void Abort()
    {
        _signal.Abort();
        SocketCalls.Abort(_socket);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _signal.Dispose();
    }
}
