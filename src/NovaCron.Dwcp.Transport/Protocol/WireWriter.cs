using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>A growing pooled buffer with the field encodings of docs/format.md.</summary>
internal sealed class WireWriter : IDisposable
{
    private byte[] _buffer;

    public WireWriter(int capacity = 512) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count) Grow(count);
        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    /// <summary>Space to write into; what was written is then added with <see cref="Advance"/>.</summary>
    public Span<byte> Space(int count)
    {
        if (_buffer.Length - Length < count) Grow(count);
        return _buffer.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public WireWriter Byte(byte value)
    {
        Reserve(1)[0] = value;
        return this;
    }

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        return this;
    }

    public WireWriter Varint(ulong value)
    {
        var space = Space(10);
        var i = 0;
        while (value >= 0x80)
        {
            space[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        space[i++] = (byte)value;
        Advance(i);
        return this;
    }

    public WireWriter Number(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        return Varint((ulong)value);
    }

    public WireWriter ZigZag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public WireWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        return this;
    }

    public WireWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);
        return this;
    }

    public WireWriter Hash(in ContentHash value)
    {
        value.CopyTo(Reserve(ContentHash.Size));
        return this;
    }

    public WireWriter Text(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        Varint((ulong)count);
        Encoding.UTF8.GetBytes(value, Reserve(count));
        return this;
    }

    public void Dispose()
    {
        if (_buffer.Length == 0) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Length = 0;
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + count));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
