using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Reads extents one behind another from a TCP connection, into the receiver's own buffer.</summary>
internal sealed class SocketPayloadReader(Socket socket) : IPayloadReader
{
    private readonly SocketSignal _signal = new();

    public bool ReadsAfterNotice => false;

    public void Read(long number, int offset, Span<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            int read;
            try
            {
                read = socket.Receive(piece, SocketFlags.None);
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
        socket.Dispose();
    }

    public void Dispose()
    {
        socket.Dispose();
        _signal.Dispose();
    }
}
