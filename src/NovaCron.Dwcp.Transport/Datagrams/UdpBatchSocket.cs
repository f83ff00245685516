using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Transport.Congestion;

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

    // What one call receives at most, and room for each: a coalesced one is as large as the largest UDP payload. Pages that nothing is received into cost nothing.
    private const int Messages = 32;
    private const int MessageRoom = 1 << 16;
    private const int SegmentControlLength = 16 + sizeof(ushort);
    private const int SegmentControlSpace = 24;
    private const int ErrorAgain = 11;
    private const int ErrorInterrupted = 4;

    private static readonly TimeSpan ReceiveTimeout = TimeSpan.FromMilliseconds(200);

    private readonly Socket _socket;
    private readonly SocketAddress _receivedFrom;
    private readonly byte[] _received;
    private readonly ReceiveMessages? _receiving;
    private int _receivedBytes;
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
        batch &= OperatingSystem.IsLinux() && Environment.Is64BitProcess;
        _received = GC.AllocateUninitializedArray<byte>(MessageRoom * (batch ? Messages : 1), pinned: true);
        if (!batch) return;

        _receiving = new ReceiveMessages(_received);
        // Setting the option to 0 succeeds where the kernel knows it; the portable calls serve where it does not.
        _segments = RawSocketOption.TrySet(_socket, SolUdp, UdpSegment, 0);
        Coalesces = RawSocketOption.TrySet(_socket, SolUdp, UdpGro, 1);
    }

    /// <summary>The bound address.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Whether one call sends many datagrams.</summary>
    public bool Segments => _segments;

    /// <summary>Whether datagrams that arrive together are received as one.</summary>
    public bool Coalesces { get; }

    /// <summary>The most that <see cref="Receive"/> returns.</summary>
    public int ReceivedAtOnce => _receiving is null ? 1 : Messages;

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

    /// <summary>Waits up to 200 ms for datagrams, and takes those that are there.</summary>
    /// <returns>How many to ask <see cref="Received"/> for; 0 when nothing came.</returns>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public int Receive()
    {
        if (_receiving is not null) return ReceiveMany(_receiving);
        try
        {
            _receivedBytes = _socket.ReceiveFrom(_received, SocketFlags.None, _receivedFrom);
            return _receivedBytes > 0 ? 1 : 0;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock
            or SocketError.ConnectionReset or SocketError.MessageSize or SocketError.Interrupted)
        {
            // Nothing came; or ICMP said that a datagram of ours was not wanted, which timers find out too.
            return 0;
        }
    }

    /// <summary>What the last <see cref="Receive"/> took; valid until the next.</summary>
    /// <param name="index">0 to one less than it returned.</param>
    /// <param name="segment">Bytes of each datagram but the last.</param>
    /// <param name="from">Where they came from: all from one address.</param>
    /// <returns>Datagrams, one behind the other.</returns>
    public Span<byte> Received(int index, out int segment, out IPEndPoint from)
    {
        var length = _receiving is null ? segment = _receivedBytes : _receiving.Take(index, _receivedFrom, out segment);
        from = FromEndPoint();
        return _received.AsSpan(index * MessageRoom, length);
    }

    /// <summary>Ends a <see cref="Receive"/> that waits, where the system can; otherwise its time limit does.</summary>
    public void StopReceiving()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (SocketException)
        {
            // "Not connected", which a datagram socket is not: Linux says so and wakes the receiver all the same.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int ReceiveMany(ReceiveMessages messages)
    {
        var count = messages.Receive(_socket.SafeHandle);
        // Nothing from nobody is what a socket gives that was shut down.
        if (count >= 0) return count == 1 && messages.IsFromNobody(0) ? 0 : count;
        var error = Marshal.GetLastPInvokeError();
        if (error is ErrorAgain or ErrorInterrupted or 111 or 113 or 101 or 90) return 0;
        throw new SocketException(error);
    }

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

    private IPEndPoint FromEndPoint()
    {
        var bytes = _receivedFrom.Buffer.Span[.._receivedFrom.Size];
        if (_lastFromEndPoint is not null && bytes.SequenceEqual(_lastFrom)) return _lastFromEndPoint;
        _lastFrom = bytes.ToArray();
        _lastFromEndPoint = (IPEndPoint)LocalEndPoint.Create(_receivedFrom);
        return _lastFromEndPoint;
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeSocketHandle socket, MessageHeader* message, int flags);

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

    // struct mmsghdr.
    private struct ReceivedMessage
    {
        public MessageHeader Header;
        public uint Length;
    }

    /// <summary>The arguments of recvmmsg: one message each, with room for an address and for what UDP_GRO tells.</summary>
    private sealed partial class ReceiveMessages
    {
        private const int NameSize = 128; // struct sockaddr_storage
        private const int ControlSize = 64;
        private const int WaitForOne = 0x10000;

        private readonly byte[] _names = GC.AllocateUninitializedArray<byte>(Messages * NameSize, pinned: true);
        private readonly byte[] _controls = GC.AllocateUninitializedArray<byte>(Messages * ControlSize, pinned: true);
        private readonly IoVector[] _vectors = GC.AllocateUninitializedArray<IoVector>(Messages, pinned: true);
        private readonly ReceivedMessage[] _messages = GC.AllocateUninitializedArray<ReceivedMessage>(Messages, pinned: true);

        /// <param name="room">Pinned, <see cref="MessageRoom"/> bytes for each message.</param>
        public ReceiveMessages(byte[] room)
        {
            for (var i = 0; i < Messages; i++)
            {
                _vectors[i] = new IoVector { Base = Address(room, i * MessageRoom), Length = MessageRoom };
                _messages[i].Header = new MessageHeader
                {
                    Name = Address(_names, i * NameSize),
                    Vectors = (IoVector*)Unsafe.AsPointer(ref _vectors[i]),
                    VectorCount = 1,
                    Control = Address(_controls, i * ControlSize),
                };
            }
        }

        /// <summary>Waits for one message, as long as the socket's time limit, and takes those that came with it.</summary>
        /// <returns>Messages taken, or -1 with an error number.</returns>
        public int Receive(SafeSocketHandle socket)
        {
            foreach (ref var message in _messages.AsSpan())
            {
                message.Header.NameLength = NameSize;
                message.Header.ControlLength = ControlSize;
            }

            return ReceiveMany(socket, (ReceivedMessage*)Unsafe.AsPointer(ref _messages[0]), Messages, WaitForOne, null);
        }

        public bool IsFromNobody(int index) => _messages[index].Header.NameLength == 0;

        /// <returns>Bytes of a message.</returns>
        public int Take(int index, SocketAddress from, out int segment)
        {
            ref var message = ref _messages[index];
            var length = (int)message.Length;
            segment = length;
            var control = _controls.AsSpan(index * ControlSize, ControlSize);
            if (message.Header.ControlLength >= 16 + sizeof(int) && MemoryMarshal.Read<int>(control[8..]) == SolUdp && MemoryMarshal.Read<int>(control[12..]) == UdpGro)
                segment = MemoryMarshal.Read<int>(control[16..]);
            from.Size = (int)message.Header.NameLength;
            _names.AsSpan(index * NameSize, from.Size).CopyTo(from.Buffer.Span);
            return length;
        }

        private static byte* Address(byte[] pinned, int offset) => (byte*)Unsafe.AsPointer(ref pinned[offset]);

        [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
        private static partial int ReceiveMany(SafeSocketHandle socket, ReceivedMessage* messages, uint count, int flags, void* timeout);
    }
}
