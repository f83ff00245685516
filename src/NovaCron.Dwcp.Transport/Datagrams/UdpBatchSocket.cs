using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// A UDP socket that moves many datagrams with one system call where the kernel can (Linux: UDP_SEGMENT since 4.18,
/// UDP_GRO since 5.0; probed when the socket is made), and one by one where it cannot. One thread may send while another receives.
/// </summary>
public sealed unsafe partial class UdpBatchSocket : IDisposable
{
    /// <summary>Bytes that one call moves at most: the largest UDP payload.</summary>
    public const int MaximumBatch = 65_507;

    /// <summary>Datagrams that one call sends at most (UDP_MAX_SEGMENTS of the kernel).</summary>
    public const int MaximumSegments = 64;

    private const int SolUdp = 17;
    private const int UdpSegment = 103;
    private const int UdpGro = 104;
    private const int SocketBuffer = 8 << 20;
    private const int ControlSize = 64;
    private const int SegmentControlLength = 16 + sizeof(ushort);
    private const int SegmentControlSpace = 24;
    private const int ErrorAgain = 11;
    private const int ErrorInterrupted = 4;

    private static readonly TimeSpan ReceiveTimeout = TimeSpan.FromMilliseconds(200);

    private readonly Socket _socket;
    private readonly SocketAddress _receivedFrom;
    private byte[] _lastFrom = [];
    private IPEndPoint? _lastFromEndPoint;
    private EndPoint? _lastTo;
    private SocketAddress? _lastToAddress;
    private bool _segments;

    /// <summary>Binds a socket.</summary>
    /// <param name="local">Address and port; port 0 lets the system choose.</param>
    /// <param name="batch">False never uses the batch calls, for comparison and tests.</param>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public UdpBatchSocket(IPEndPoint local, bool batch = true)
    {
        _socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = SocketBuffer,
            SendBufferSize = SocketBuffer,
            ReceiveTimeout = (int)ReceiveTimeout.TotalMilliseconds,
        };
        // Path MTU discovery needs datagrams that are dropped, not cut.
        if (local.Address.Equals(IPAddress.IPv6Any)) _socket.DualMode = true;
        else if (local.AddressFamily == AddressFamily.InterNetwork) _socket.DontFragment = true;
        try
        {
            _socket.Bind(local);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }

        LocalEndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _receivedFrom = new SocketAddress(local.AddressFamily);
        if (!batch || !OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return;

        // Setting the option to 0 succeeds where the kernel knows it.
        _segments = TrySet(UdpSegment, 0);
        Coalesces = TrySet(UdpGro, 1);
    }

    /// <summary>The bound address.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Whether one call sends many datagrams.</summary>
    public bool Segments => _segments;

    /// <summary>Whether one call receives many datagrams.</summary>
    public bool Coalesces { get; }

    /// <summary>Sends datagrams of one size (the last may be shorter). What the network refuses is lost, as datagrams are.</summary>
    /// <returns>System calls made.</returns>
    public int Send(ReadOnlySpan<byte> datagrams, int segment, EndPoint to)
    {
        if (!ReferenceEquals(to, _lastTo))
        {
            _lastTo = to;
            _lastToAddress = to.Serialize();
        }

        if (_segments && datagrams.Length > segment) return SendSegments(datagrams, segment, _lastToAddress!);
        var calls = 0;
        for (var at = 0; at < datagrams.Length; at += segment)
        {
            SendOne(datagrams.Slice(at, Math.Min(segment, datagrams.Length - at)), _lastToAddress!);
            calls++;
        }

        return calls;
    }

    /// <summary>Waits up to 200 ms for datagrams.</summary>
    /// <param name="buffer">At least <see cref="MaximumBatch"/> bytes.</param>
    /// <param name="segment">Bytes of each datagram but the last.</param>
    /// <param name="from">Where they came from: all from one address.</param>
    /// <returns>Bytes received; 0 when nothing came.</returns>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public int Receive(Span<byte> buffer, out int segment, out IPEndPoint? from)
    {
        from = null;
        segment = 0;
        int received;
        if (Coalesces)
        {
            received = ReceiveCoalesced(buffer, out segment);
        }
        else
        {
            try
            {
                received = _socket.ReceiveFrom(buffer, SocketFlags.None, _receivedFrom);
                segment = received;
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock
                or SocketError.ConnectionReset or SocketError.MessageSize or SocketError.Interrupted)
            {
                // Nothing came; or ICMP said that a datagram of ours was not wanted, which timers find out too.
                return 0;
            }
        }

        if (received <= 0) return 0;
        from = FromEndPoint();
        return received;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static void SendOneFailed(SocketException error)
    {
        // Too large for the route (a size probe), no route for a moment, or a full queue: lost, and recovered as any loss.
        if (error.SocketErrorCode is SocketError.MessageSize or SocketError.NoBufferSpaceAvailable or SocketError.ConnectionReset
            or SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown
            or SocketError.HostDown or SocketError.WouldBlock or SocketError.AccessDenied or SocketError.TimedOut or SocketError.Interrupted)
        {
            return;
        }

        throw error;
    }

    private void SendOne(ReadOnlySpan<byte> datagram, SocketAddress to)
    {
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, to);
        }
        catch (SocketException error)
        {
            SendOneFailed(error);
        }
    }

    private int SendSegments(ReadOnlySpan<byte> datagrams, int segment, SocketAddress to)
    {
        Span<byte> control = stackalloc byte[SegmentControlSpace];
        control.Clear();
        var calls = 0;
        var batch = Math.Min(MaximumSegments, MaximumBatch / segment) * segment;
        fixed (byte* data = datagrams)
        fixed (byte* name = to.Buffer.Span)
        fixed (byte* ancillary = control)
        {
            for (var at = 0; at < datagrams.Length; at += batch)
            {
                var count = Math.Min(batch, datagrams.Length - at);
                var vector = new IoVector { Base = data + at, Length = (nuint)count };
                var message = new MessageHeader { Name = name, NameLength = (uint)to.Size, Vectors = &vector, VectorCount = 1 };
                if (count > segment)
                {
                    *(nuint*)ancillary = SegmentControlLength;
                    *(int*)(ancillary + 8) = SolUdp;
                    *(int*)(ancillary + 12) = UdpSegment;
                    *(ushort*)(ancillary + 16) = (ushort)segment;
                    message.Control = ancillary;
                    message.ControlLength = SegmentControlSpace;
                }

                calls++;
                if (SendMessage(_socket.SafeHandle, &message, 0) >= 0) continue;
                var error = Marshal.GetLastPInvokeError();
                if (error == ErrorInterrupted)
                {
                    at -= batch;
                    continue;
                }

                // EIO or EINVAL: this route's device cannot checksum segments; from here on one by one.
                if (error is 5 or 22) _segments = false;
                for (var one = 0; one < count; one += segment) SendOne(datagrams.Slice(at + one, Math.Min(segment, count - one)), to);
            }
        }

        return calls;
    }

    private int ReceiveCoalesced(Span<byte> buffer, out int segment)
    {
        Span<byte> control = stackalloc byte[ControlSize];
        fixed (byte* data = buffer)
        fixed (byte* name = _receivedFrom.Buffer.Span)
        fixed (byte* ancillary = control)
        {
            var vector = new IoVector { Base = data, Length = (nuint)buffer.Length };
            var message = new MessageHeader
            {
                Name = name,
                NameLength = (uint)_receivedFrom.Buffer.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = ancillary,
                ControlLength = ControlSize,
            };
            var received = ReceiveMessage(_socket.SafeHandle, &message, 0);
            segment = (int)received;
            if (received < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error is ErrorAgain or ErrorInterrupted or 111 or 113 or 101 or 90) return 0;
                throw new SocketException(error);
            }

            _receivedFrom.Size = (int)message.NameLength;
            if (message.ControlLength >= 16 + sizeof(int) && *(int*)(ancillary + 8) == SolUdp && *(int*)(ancillary + 12) == UdpGro)
                segment = *(int*)(ancillary + 16);
            return (int)received;
        }
    }

    private IPEndPoint FromEndPoint()
    {
        var bytes = _receivedFrom.Buffer.Span[.._receivedFrom.Size];
        if (_lastFromEndPoint is not null && bytes.SequenceEqual(_lastFrom)) return _lastFromEndPoint;
        _lastFrom = bytes.ToArray();
        _lastFromEndPoint = (IPEndPoint)LocalEndPoint.Create(_receivedFrom);
        return _lastFromEndPoint;
    }

    private bool TrySet(int option, int value)
    {
        try
        {
            Span<byte> bytes = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            _socket.SetRawSocketOption(SolUdp, option, bytes);
            return true;
        }
        catch (SocketException)
        {
            // An older kernel: the portable calls serve.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeSocketHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(SafeSocketHandle socket, MessageHeader* message, int flags);

    // struct iovec and struct msghdr of 64-bit Linux, glibc and musl alike.
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    private struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
