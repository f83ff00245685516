using System.Buffers.Binary;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Reads the frames of one opened datagram. The peer is authenticated, not trusted: every length is checked.</summary>
/// <exception cref="DwcpProtocolException">Thrown by each method when the datagram ends early or a value is out of range.</exception>
internal ref struct FrameReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    public readonly bool AtEnd => _rest.IsEmpty;

    public FrameKind Kind()
    {
        var kind = (FrameKind)_rest[0];
        _rest = _rest[1..];
        return kind;
    }

    public long Integer()
    {
        if (_rest.IsEmpty) throw Truncated();
        var size = 1 << (_rest[0] >> 6);
        if (_rest.Length < size) throw Truncated();
        var value = size switch
        {
            1 => _rest[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(_rest) & 0x3FFF,
            4 => BinaryPrimitives.ReadUInt32BigEndian(_rest) & 0x3FFF_FFFF,
            _ => (long)(BinaryPrimitives.ReadUInt64BigEndian(_rest) & 0x3FFF_FFFF_FFFF_FFFF),
        };
        _rest = _rest[size..];
        return value;
    }

    public ReadOnlySpan<byte> Bytes(long count)
    {
        if (count > _rest.Length) throw Truncated();
        var bytes = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return bytes;
    }

    public void SkipPadding()
    {
        var end = _rest.IndexOfAnyExcept((byte)0);
        _rest = end < 0 ? [] : _rest[end..];
    }

    private static DwcpProtocolException Truncated() => new("A datagram ends in the middle of a frame.");
}
