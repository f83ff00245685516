using System.Buffers.Binary;
using System.IO.Hashing;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>
/// The 40 bytes before each block's payload (docs/codec-format.md, "Block header"). A content length of zero marks the end: the payload is
/// then the index and the content hash the tree hash.
/// </summary>
internal readonly record struct BlockHeader(int ContentLength, int PayloadLength, DwcpLevel Level, ulong PayloadHash, UInt128 ContentHash)
{
    public const int Size = 40;
    private const int Hashed = Size - 4;

    public bool IsEnd => ContentLength == 0;

    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    /// <param name="number">The block's number; it seeds the checksum, so that blocks cannot change places.</param>
    public void Write(Span<byte> destination, long number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, ContentLength);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], PayloadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], PayloadHash);
        BinaryPrimitives.WriteUInt128LittleEndian(destination[16..], ContentHash);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[32..], (uint)Level);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[Hashed..], (uint)XxHash3.HashToUInt64(destination[..Hashed], number));
    }

    /// <exception cref="DwcpFormatException">The header is damaged, or its lengths are outside the frame's.</exception>
    public static BlockHeader Read(ReadOnlySpan<byte> source, long number, int blockLength)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[Hashed..]) != (uint)XxHash3.HashToUInt64(source[..Hashed], number))
        {
            throw new DwcpFormatException($"The header of block {number} is damaged: its checksum does not match. Fetch the archive again.");
        }

        var header = new BlockHeader(
            BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            (DwcpLevel)BinaryPrimitives.ReadUInt32LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[8..]), BinaryPrimitives.ReadUInt128LittleEndian(source[16..]));
        return header.ContentLength < 0 || header.ContentLength > blockLength || header.PayloadLength < 1
            || !header.IsEnd && header.PayloadLength > BlockCodec.MaxEncodedLength(header.ContentLength) || header.Level > DwcpLevel.Max
            ? throw new DwcpFormatException($"Block {number} announces {header.PayloadLength} bytes for {header.ContentLength} of content; that is outside the format.")
            : header;
    }
}
