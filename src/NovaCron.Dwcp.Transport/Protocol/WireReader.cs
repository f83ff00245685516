using System.Buffers.Binary;
using System.Text;

namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>Reads fields of a frame or file; every read is bounded by the bytes there are, and whatever does not fit is a <see cref="DwcpProtocolException"/>.</summary>
internal ref struct WireReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest;

    public WireReader(ReadOnlySpan<byte> bytes)
    {
        _rest = bytes;
        Total = bytes.Length;
    }

    public int Total { get; }

    public readonly int Remaining => _rest.Length;

    public readonly int Position => Total - _rest.Length;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte Byte() => Bytes(1)[0];

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)_rest.Length) throw new DwcpProtocolException($"A field of {count} bytes ends {count - _rest.Length} bytes after its frame.");
        var bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }

    public ReadOnlySpan<byte> Rest() => Bytes(_rest.Length);

    /// <summary>LEB128, at most 10 bytes, no longer than needed.</summary>
    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_rest.IsEmpty) throw new DwcpProtocolException("A varint ends after its frame.");
            var b = _rest[0];
            _rest = _rest[1..];
            if (shift == 63 && b > 1) break;
            value |= (ulong)(b & 0x7F) << shift;
            if ((b & 0x80) != 0) continue;
            if (b == 0 && shift > 0) throw new DwcpProtocolException("A varint is longer than needed.");
            return value;
        }

        throw new DwcpProtocolException("A varint does not fit 64 bits.");
    }

    /// <summary>A varint of at most <paramref name="maximum"/>.</summary>
    public long Number(string field, long maximum)
    {
        var value = Varint();
        return value <= (ulong)maximum ? (long)value : throw new DwcpProtocolException($"The field {field} is {value}; at most {maximum} is allowed.");
    }

    public int Count(string field, int maximum) => (int)Number(field, maximum);

    public long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public ulong UInt64()
    {
        return BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));
    }

    public uint UInt32()
    {
        return BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));
    }

    public ContentHash Hash() => new(Bytes(ContentHash.Size));

    public string Text(string field, int maximumBytes)
    {
        var bytes = Bytes(Count(field, maximumBytes));
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new DwcpProtocolException($"The field {field} is not UTF-8 ({e.Message}).");
        }
    }

    public readonly void ExpectEnd(string what)
    {
        if (!_rest.IsEmpty) throw new DwcpProtocolException($"{_rest.Length} bytes follow the end of {what}.");
    }
}
