using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>
/// Socket options that .NET has no name for, asked of the kernel itself. Not <see cref="Socket.SetRawSocketOption"/> and <see cref="Socket.GetRawSocketOption"/>: a refusal, such as of a kernel
/// that does not know the option, makes those take a connected socket for a disconnected one.
/// </summary>
internal static partial class RawSocketOption
{
    /// <summary>Sets an option of Linux.</summary>
    /// <returns>Whether the kernel took it; false on other systems and for closed sockets.</returns>
    public static bool TrySet(Socket socket, int level, int option, ReadOnlySpan<byte> value)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            return SetSocketOption(socket.SafeHandle, level, option, value, (uint)value.Length) == 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Sets an option of Linux to an integer.</summary>
    /// <returns>Whether the kernel took it; false on other systems and for closed sockets.</returns>
    public static bool TrySet(Socket socket, int level, int option, int value) => TrySet(socket, level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));

    /// <summary>Reads an option of Linux.</summary>
    /// <returns>Bytes that the kernel wrote to <paramref name="value"/>; 0 when it refused, on other systems and for closed sockets.</returns>
    public static unsafe int Read(Socket socket, int level, int option, Span<byte> value)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        var length = (uint)value.Length;
        try
        {
            fixed (byte* into = value) return GetSocketOption(socket.SafeHandle, level, option, into, &length) == 0 ? (int)length : 0;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetSocketOption(SafeSocketHandle socket, int level, int option, ReadOnlySpan<byte> value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static unsafe partial int GetSocketOption(SafeSocketHandle socket, int level, int option, byte* value, uint* length);
}
