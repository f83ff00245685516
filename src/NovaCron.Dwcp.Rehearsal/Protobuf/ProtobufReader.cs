using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Protobuf;

/// <summary>Reads the fields of one protobuf message, one after the other.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The next field: its number and its number value or its bytes. False at the end.</summary>
    /// <exception cref="ApiStatusException">The bytes are no protobuf (BadRequest).</exception>
    public bool Next(out int number, out ulong varint, out ReadOnlySpan<byte> payload)
    {
        (number, varint) = (0, 0);
        payload = default;
        if (_rest.IsEmpty)
        {
            return false;
        }
        var tag = ReadVarint();
        number = (int)(tag >> 3);
        switch ((int)(tag & 7))
        {
            case Varint:
                varint = ReadVarint();
                break;
            case Fixed64:
                payload = Take(8);
                break;
            case Delimited:
                payload = Take(ReadVarint());
                break;
            case Fixed32:
                payload = Take(4);
                break;
            default:
                throw Broken();
        }
        return true;
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw Broken();
        }
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_rest.IsEmpty)
            {
                throw Broken();
            }
            var next = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
        throw Broken();
    }

    private static ApiStatusException Broken() => ApiStatusException.BadRequest("protobuf: unexpected end of the message or a broken tag");
}
