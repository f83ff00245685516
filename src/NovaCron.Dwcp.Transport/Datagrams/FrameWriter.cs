using System.Buffers.Binary;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Writes frames into one datagram. Integers are QUIC's variable-length ones (RFC 9000, section 16).</summary>
internal ref struct FrameWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Written { get; private set; }

    /// <summary>Bytes that still fit.</summary>
    public readonly int Remaining => _destination.Length - Written;

    public static int SizeOf(long value) => value switch
    {
        < 1 << 6 => 1,
        < 1 << 14 => 2,
        < 1 << 30 => 4,
        _ => 8,
    };

    public void Kind(FrameKind kind) => _destination[Written++] = (byte)kind;

    public void Integer(long value)
    {
        var target = _destination[Written..];
        var size = SizeOf(value);
        switch (size)
        {
            case 1: target[0] = (byte)value; break;
            case 2: BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)(value | 0x4000)); break;
            case 4: BinaryPrimitives.WriteUInt32BigEndian(target, (uint)value | 0x8000_0000); break;
            default: BinaryPrimitives.WriteUInt64BigEndian(target, (ulong)value | 0xC000_0000_0000_0000); break;
        }

        Written += size;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Written..]);
        Written += bytes.Length;
    }

    /// <summary>Room for bytes that the caller fills.</summary>
    public Span<byte> Reserve(int count)
    {
        var span = _destination.Slice(Written, count);
        Written += count;
        return span;
    }

    public void PadTo(int size)
    {
        if (size <= Written) return;
        _destination[Written..size].Clear();
        Written = size;
    }

}
