using System.Buffers.Binary;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>What the kernel's TCP knows about a connection, from TCP_INFO.</summary>
/// <param name="RoundTrip">Smoothed round-trip time.</param>
/// <param name="CongestionWindow">Segments in flight that congestion control allows.</param>
/// <param name="SegmentBytes">Bytes of a segment.</param>
/// <param name="Retransmits">Segments sent again since the connection began.</param>
/// <param name="DeliveryRate">Bytes a second that the peer acknowledged lately, or null when the kernel does not tell.</param>
/// <param name="SentBytes">Payload bytes sent, repetitions included, or null when the kernel does not tell.</param>
public sealed record TcpPath(TimeSpan RoundTrip, int CongestionWindow, int SegmentBytes, long Retransmits, long? DeliveryRate, long? SentBytes)
{
    private const int TcpLevel = 6;
    private const int TcpInfoOption = 11;

    // Offsets in struct tcp_info (linux/tcp.h); it only ever grows at its end.
    private const int SegmentBytesOffset = 16;
    private const int RoundTripOffset = 68;
    private const int CongestionWindowOffset = 80;
    private const int TotalRetransmitsOffset = 100;
    private const int DeliveryRateOffset = 160;
    private const int SentBytesOffset = 200;
    private const int BufferBytes = 256;

    /// <summary>Reads the connection's state; null on systems without TCP_INFO and on closed sockets.</summary>
    public static TcpPath? Read(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> info = stackalloc byte[BufferBytes];
        var length = RawSocketOption.Read(socket, TcpLevel, TcpInfoOption, info);
        if (length < TotalRetransmitsOffset + 4) return null;
        return new TcpPath(
            TimeSpan.FromMicroseconds(BinaryPrimitives.ReadUInt32LittleEndian(info[RoundTripOffset..])),
            (int)BinaryPrimitives.ReadUInt32LittleEndian(info[CongestionWindowOffset..]),
            (int)BinaryPrimitives.ReadUInt32LittleEndian(info[SegmentBytesOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(info[TotalRetransmitsOffset..]),
            length >= DeliveryRateOffset + 8 ? (long)BinaryPrimitives.ReadUInt64LittleEndian(info[DeliveryRateOffset..]) : null,
            length >= SentBytesOffset + 8 ? (long)BinaryPrimitives.ReadUInt64LittleEndian(info[SentBytesOffset..]) : null);
    }
}
