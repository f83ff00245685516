using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>A TUN device: IP packets that the kernel routes to it are read here, and what is written here arrives at the kernel. Linux, needs CAP_NET_ADMIN.</summary>
internal sealed unsafe partial class TunDevice : IDisposable
{
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const nuint SetInterface = 0x400454CA; // TUNSETIFF
    private const short Tun = 0x0001;
    private const short NoPacketInformation = 0x1000;
    private const int RequestSize = 40; // struct ifreq
    private const int NameSize = 16;
    private const int ErrorAgain = 11;
    private const int ErrorIo = 5; // the interface is down

    private int _descriptor;

    public TunDevice(string name)
    {
        Name = name;
        _descriptor = Open("/dev/net/tun", ReadWrite | NonBlocking);
        if (_descriptor < 0) throw Failed("open /dev/net/tun");
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        Encoding.ASCII.GetBytes(name, request[..(NameSize - 1)]);
        MemoryMarshal.Write(request[NameSize..], (short)(Tun | NoPacketInformation));
        fixed (byte* pointer = request)
        {
            if (Control(_descriptor, SetInterface, pointer) < 0) throw Failed($"make the TUN device {name}");
        }
    }

    public string Name { get; }

    public int Descriptor => _descriptor;

    /// <returns>Bytes of the packet, or 0 when none waits.</returns>
    public int Read(Span<byte> packet)
    {
        fixed (byte* pointer = packet)
        {
            var count = Read(_descriptor, pointer, (nuint)packet.Length);
            if (count >= 0) return (int)count;
            return Marshal.GetLastPInvokeError() is ErrorAgain or ErrorIo ? 0 : throw Failed($"read from {Name}");
        }
    }

    /// <summary>Hands a packet to the kernel; one that it does not want is lost.</summary>
    public void Write(ReadOnlySpan<byte> packet)
    {
        fixed (byte* pointer = packet) _ = Write(_descriptor, pointer, (nuint)packet.Length);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _descriptor, -1) is var descriptor and >= 0) _ = Close(descriptor);
    }

    private static Win32Exception Failed(string what) => new(Marshal.GetLastPInvokeError(), $"Cannot {what}: {Marshal.GetLastPInvokeErrorMessage()}. Emulated links need Linux and root.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
