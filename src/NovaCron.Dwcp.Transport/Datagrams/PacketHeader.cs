using System.Buffers.Binary;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// The clear (but authenticated) start of every datagram; docs/format.md, "Datagrams". 18 bytes: a byte of version and
/// path, the connection id that the receiver chose, the key epoch, and the 64-bit packet number.
/// </summary>
/// <param name="ConnectionId">Names the connection at the receiver, whatever address the datagram comes from.</param>
/// <param name="Path">0..15: packet numbers and keys are separate per path.</param>
/// <param name="Epoch">Which keys sealed it, modulo 256.</param>
/// <param name="Number">Never used twice with the same keys; below 2^62.</param>
public readonly record struct PacketHeader(ulong ConnectionId, byte Path, byte Epoch, long Number)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 18;

    /// <summary>The wire version in the upper half of the first byte.</summary>
    public const byte Version = 3;

    /// <summary>Numbers end here, as in QUIC (RFC 9000, section 12.3).</summary>
    public const long MaximumNumber = (1L << 62) - 1;

    /// <summary>Writes the header.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)((Version << 4) | Path);
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], ConnectionId);
        destination[9] = Epoch;
        BinaryPrimitives.WriteInt64BigEndian(destination[10..], Number);
    }

    /// <summary>Reads a header. Whatever else is wrong with a datagram shows when it is opened.</summary>
    /// <returns>False if the datagram cannot be one of ours; it is dropped without an answer.</returns>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out PacketHeader header)
    {
        header = default;
        if (datagram.Length < Size + PacketProtection.TagSize || datagram[0] >> 4 != Version) return false;
        var number = BinaryPrimitives.ReadInt64BigEndian(datagram[10..]);
        if (number is < 0 or > MaximumNumber) return false;
        header = new PacketHeader(BinaryPrimitives.ReadUInt64BigEndian(datagram[1..]), (byte)(datagram[0] & 15), datagram[9], number);
        return true;
    }
}
