using System.Buffers.Binary;
using System.IO.Hashing;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>
/// The seek index (docs/codec-format.md, "Index"): one 24-byte entry per block, then the content's length. The tree hash is XXH128 over
/// the entries, that is over the blocks' hashes and lengths.
/// </summary>
internal static class FrameIndex
{
    public const int EntrySize = 24;

    /// <summary>In a windowed frame an entry says how many blocks back its block's references reach, too.</summary>
    public const int WindowedEntrySize = EntrySize + 4;

    public const int TailSize = 8;

    /// <summary>The last 12 bytes of a frame: how far back the end header lies, a checksum of that, and the magic reversed.</summary>
    public const int FooterSize = 12;

    private const uint FooterMagic = 0x4457_4350; // "PCWD"

    /// <param name="destination">An entry's bytes, exactly.</param>
    /// <param name="contentLength">The block's content, bytes.</param>
    /// <param name="payloadLength">Its payload, bytes.</param>
    /// <param name="contentHash">XXH128 of its content.</param>
    /// <param name="reach">How many blocks back its references reach.</param>
    public static void WriteEntry(Span<byte> destination, int contentLength, int payloadLength, UInt128 contentHash, int reach)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, contentLength);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], payloadLength);
        BinaryPrimitives.WriteUInt128LittleEndian(destination[8..], contentHash);
        if (destination.Length >= WindowedEntrySize)
        {
            BinaryPrimitives.WriteInt32LittleEndian(destination[EntrySize..], reach);
        }
    }

    public static void WriteFooter(Span<byte> destination, int back)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, back);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], (uint)XxHash3.HashToUInt64(destination[..4], FooterMagic));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], FooterMagic);
    }

    /// <returns>How many bytes before the footer the end header begins.</returns>
    public static int ReadFooter(ReadOnlySpan<byte> source)
    {
        int back = BinaryPrimitives.ReadInt32LittleEndian(source);
        return BinaryPrimitives.ReadUInt32LittleEndian(source[8..]) != FooterMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) != (uint)XxHash3.HashToUInt64(source[..4], FooterMagic)
            || back < BlockHeader.Size + TailSize
            ? throw new DwcpFormatException("The archive's end is missing or damaged: it was cut off, or bytes changed. Fetch it again.")
            : back;
    }
}
