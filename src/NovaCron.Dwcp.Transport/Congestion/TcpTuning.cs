using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>What is asked of the kernel's TCP on long paths. A kernel that knows or allows it not goes on as it was.</summary>
internal static partial class TcpTuning
{
    private const int TcpLevel = 6;
    private const int CongestionOption = 13;
    private const int NotSentLowWaterOption = 25;

    // Bytes that wait in a socket unsent: what waits there cannot go over another connection any more.
    private const int NotSentBytes = 128 * 1024;

    /// <summary>Asks for BBR, which random loss does not slow down. Linux grants it where the module is loaded and net.ipv4.tcp_allowed_congestion_control names it, or to CAP_NET_ADMIN.</summary>
    /// <returns>Whether the connection uses it now.</returns>
    public static bool PreferBbr(Socket socket) => TryCongestionControl(socket, "bbr"u8);

    /// <summary>Asks for a congestion control by its name.</summary>
    internal static bool TryCongestionControl(Socket socket, ReadOnlySpan<byte> name) => OperatingSystem.IsLinux() && TrySet(socket, CongestionOption, name);

    /// <summary>Lets little wait unsent in the socket (TCP_NOTSENT_LOWAT).</summary>
    public static void LimitUnsent(Socket socket)
    {
        if (OperatingSystem.IsLinux()) TrySet(socket, NotSentLowWaterOption, BitConverter.GetBytes(NotSentBytes));
    }

    // Not Socket.SetRawSocketOption: a refusal, such as of a kernel without BBR, makes it take the connected socket for a disconnected one.
    private static bool TrySet(Socket socket, int option, ReadOnlySpan<byte> value)
    {
        var handle = socket.SafeHandle;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return SetSocketOption((int)handle.DangerousGetHandle(), TcpLevel, option, value, (uint)value.Length) == 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (held) handle.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetSocketOption(int socket, int level, int option, ReadOnlySpan<byte> value, uint length);
}
