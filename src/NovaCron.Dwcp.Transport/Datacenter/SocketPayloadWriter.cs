using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Extents one behind another on a TCP connection; TCP's own window holds the sender back.</summary>
internal sealed class SocketPayloadWriter : IPayloadWriter
{
    private readonly Socket _socket;
    private readonly byte[] _piece = GC.AllocateArray<byte>(BulkLimits.PieceBytes, pinned: true);
    private readonly SocketSignal _signal = new();
    private long _finished;
    private long _taken;

    /// <param name="socket">Belongs to this writer from now on.</param>
    public SocketPayloadWriter(Socket socket)
    {
        _socket = socket;
        SocketCalls.MakeBlocking(socket);
    }

    public Span<byte> Rent(long number, int offset, int length) => _piece.AsSpan(0, length);

    public void Send(long number, int offset, int length)
    {
        var left = _piece.AsSpan(0, length);
        while (!left.IsEmpty)
        {
            try
            {
                left = left[SocketCalls.Send(_socket, left)..];
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                throw SocketSignal.Broken(e);
            }
        }
    }

    public void Finish(long number) => _finished++;

    public bool TryTakeComplete(out long number)
    {
        number = _taken;
        if (_taken == _finished) return false;
        _taken++;
        return true;
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
