using System.Buffers.Binary;
using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>What both ends of the UDP carrier say inside TLS (docs/format.md, "Carriers").</summary>
internal static class DatagramCarrier
{
    public const int Number = 1;
    public const string Name = "UDP";
    public const int RandomSize = 32;
    public const int MessageSize = 1 + 8 + 1 + RandomSize;

    private const byte MessageVersion = 1;
    private const byte Aes = 0;
    private const byte ChaCha = 1;
    private const byte Background = 2;

    /// <summary>Limits of a connection that carries one session.</summary>
    public static DatagramConnectionOptions Options { get; } = new()
    {
        ConnectionWindow = 32 << 20,
        MaximumStreams = 16,
    };

    // About three times RFC 6928's window: what content networks begin with (Rüth and Hohlfeld 2018, "Demystifying TCP initial window configurations of CDNs"), one round trip less to the full rate.
    private const int InitialDatagrams = 32;

    /// <summary>How fast a connection that carries a session sends.</summary>
    public static AcpController Controller(AcpProfile profile) => new(Options.MaximumDatagram, InitialDatagrams * Options.MaximumDatagram, profile);

    /// <summary>Writes an offer or an answer: they have the same form.</summary>
    public static byte[] Write(ulong id, bool chaCha, AcpProfile profile, ReadOnlySpan<byte> random)
    {
        var message = new byte[MessageSize];
        message[0] = MessageVersion;
        BinaryPrimitives.WriteUInt64BigEndian(message.AsSpan(1), id);
        message[9] = (byte)((chaCha ? ChaCha : Aes) | (profile == AcpProfile.Background ? Background : 0));
        random.CopyTo(message.AsSpan(10));
        return message;
    }

    /// <exception cref="DwcpProtocolException">It is no such message.</exception>
    public static (ulong Id, bool ChaCha, AcpProfile Profile) Read(ReadOnlySpan<byte> message, Span<byte> random)
    {
        if (message.Length != MessageSize || message[0] != MessageVersion || message[9] > (ChaCha | Background))
            throw new DwcpProtocolException("The offer of a UDP carrier is malformed, or of a version that is not spoken here.");
        message[10..].CopyTo(random);
        return (BinaryPrimitives.ReadUInt64BigEndian(message[1..]), (message[9] & ChaCha) != 0, (message[9] & Background) != 0 ? AcpProfile.Background : AcpProfile.Bulk);
    }

    /// <summary>The secret of the connection: both ends' randoms, salted with everything that both saw, offer and answer included.</summary>
    public static byte[] DeriveSecret(ReadOnlySpan<byte> negotiation, ReadOnlySpan<byte> offer, ReadOnlySpan<byte> answer) =>
        PacketProtection.DeriveSecret(offer[^RandomSize..], answer[^RandomSize..], [.. negotiation, .. offer, .. answer]);

    /// <summary>An id that nobody guesses; never 0.</summary>
    public static ulong NewId() => BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8)) | 1;
}
