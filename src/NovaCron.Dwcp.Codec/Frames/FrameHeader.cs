using System.Buffers.Binary;
using System.IO.Hashing;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>The first 32 bytes of a frame (docs/codec-format.md, "Frame header").</summary>
internal readonly record struct FrameHeader(int BlockLength, DwcpLevel Level, long? ContentLength)
{
    public const int Size = 32;
    private const uint Magic = 0x5043_5744; // "DWCP"
    private const byte Version = 3;
    private const byte FeatureContentLength = 1;
    private const int Hashed = Size - 8;

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = ContentLength is null ? (byte)0 : FeatureContentLength;
        destination[6] = (byte)Level;
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], BlockLength);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], ContentLength ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[Hashed..], XxHash3.HashToUInt64(destination[..Hashed]));
    }

    /// <exception cref="DwcpFormatException">Not a frame, damaged, or of a version or feature that this decoder does not know.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
        {
            throw new DwcpFormatException("This is not a DWCP archive: it does not begin with 'DWCP'.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(source[Hashed..]) != XxHash3.HashToUInt64(source[..Hashed]))
        {
            throw new DwcpFormatException("The frame's header is damaged: its checksum does not match. Fetch the archive again.");
        }

        if (source[4] != Version || (source[5] & ~FeatureContentLength) != 0 || source[7] != 0 || BinaryPrimitives.ReadInt32LittleEndian(source[12..]) != 0)
        {
            throw new DwcpFormatException($"The frame has version {source[4]} and features {source[5]:x2}; this decoder knows version {Version}. Use a newer DWCP.");
        }

        int blockLength = BinaryPrimitives.ReadInt32LittleEndian(source[8..]);
        long content = BinaryPrimitives.ReadInt64LittleEndian(source[16..]);
        bool known = (source[5] & FeatureContentLength) != 0;
        return blockLength is < 1 or > DwcpEncoderOptions.MaxBlockLength || content < 0 || !known && content != 0 || source[6] > (byte)DwcpLevel.Adaptive
            ? throw new DwcpFormatException($"The frame announces blocks of {blockLength} bytes and content of {content}; that is outside the format.")
            : new FrameHeader(blockLength, (DwcpLevel)source[6], known ? content : null);
    }
}
