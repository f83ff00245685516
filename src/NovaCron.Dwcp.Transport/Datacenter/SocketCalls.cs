using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>
/// send(2) and recv(2) that block their own thread. A socket that was once used asynchronously stays non-blocking in .NET, and its synchronous calls then wait by way of the
/// runtime's epoll thread: two wake-ups where one does. On other systems than Linux .NET's own calls serve.
/// </summary>
internal static unsafe partial class SocketCalls
{
    private const int GetFlags = 3; // F_GETFL
    private const int SetFlags = 4; // F_SETFL
    private const int NonBlocking = 0x800; // O_NONBLOCK of x86-64 and arm64
    private const int WaitAll = 0x100; // MSG_WAITALL
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int Interrupted = 4; // EINTR

    /// <summary>Hands the socket to one thread that blocks in it; nothing asynchronous may be called on it afterwards.</summary>
    public static void MakeBlocking(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return;
        var flags = Control(socket.SafeHandle, GetFlags, 0);
        if (flags < 0 || Control(socket.SafeHandle, SetFlags, flags & ~NonBlocking) < 0) throw new SocketException(Marshal.GetLastPInvokeError());
    }

    /// <summary>Receives into the whole span, or as much as came before the end.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public static int Receive(Socket socket, Span<byte> destination)
    {
        if (!OperatingSystem.IsLinux()) return socket.Receive(destination, SocketFlags.None);
        fixed (byte* bytes = destination)
        {
            while (true)
            {
                var received = Receive(socket.SafeHandle, bytes, (nuint)destination.Length, WaitAll);
                if (received >= 0) return (int)received;
                Throw();
            }
        }
    }

    /// <exception cref="SocketException">The connection broke.</exception>
    public static int Send(Socket socket, ReadOnlySpan<byte> source)
    {
        if (!OperatingSystem.IsLinux()) return socket.Send(source, SocketFlags.None);
        fixed (byte* bytes = source)
        {
            while (true)
            {
                var sent = Send(socket.SafeHandle, bytes, (nuint)source.Length, NoSignal);
                if (sent >= 0) return (int)sent;
                Throw();
            }
        }
    }

    /// <summary>Ends calls that block in the socket, then gives it back.</summary>
    public static void Abort(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it was broken or given back already: nobody blocks in it
        }

        socket.Dispose();
    }

    private static void Throw()
    {
        var error = Marshal.GetLastPInvokeError();
        if (error != Interrupted) throw new SocketException(error);
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeSocketHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeSocketHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeSocketHandle socket, int command, int argument);
}
