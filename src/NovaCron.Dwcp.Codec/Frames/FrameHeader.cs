using System.Buffers.Binary;
using System.IO.Hashing;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>The first 32 bytes of a frame (docs/codec-format.md, "Frame header").</summary>
/// <param name="BlockLength">The longest content of a block, bytes.</param>
/// <param name="Level">The level that the encoder was asked for.</param>
/// <param name="ContentLength">The content's length where it was known beforehand.</param>
/// <param name="WindowBits">Binary logarithm of the window, 0 for a frame of independent blocks.</param>
/// <param name="DictionaryId">Number of the dictionary, 0 for none.</param>
internal readonly record struct FrameHeader(int BlockLength, DwcpLevel Level, long? ContentLength, int WindowBits = 0, uint DictionaryId = 0)
{
    public const int Size = 32;
    private const uint Magic = 0x5043_5744; // "DWCP"
    private const byte Version = 3;
    private const byte FeatureContentLength = 1;
    private const byte FeatureWindowed = 2;
    private const byte FeatureDictionary = 4;
    private const byte Features = FeatureContentLength | FeatureWindowed | FeatureDictionary;
    private const int Hashed = Size - 8;

    public bool IsWindowed => WindowBits > 0;

    /// <summary>Blocks of a group: those that may refer to one another. 1 in a frame of independent blocks.</summary>
    public int GroupBlocks => IsWindowed ? (1 << WindowBits) / BlockLength : 1;

    /// <summary>Bytes of the index for each block.</summary>
    public int IndexEntrySize => IsWindowed ? FrameIndex.WindowedEntrySize : FrameIndex.EntrySize;

    /// <summary>The most bytes of content that a group has: all that a decoder remembers.</summary>
    public long GroupLength => !IsWindowed ? 0 : Math.Min((long)GroupBlocks * BlockLength, ContentLength ?? long.MaxValue);

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = (byte)((ContentLength is null ? 0 : FeatureContentLength) | (IsWindowed ? FeatureWindowed : 0) | (DictionaryId != 0 ? FeatureDictionary : 0));
        destination[6] = (byte)Level;
        destination[7] = (byte)WindowBits;
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], BlockLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], DictionaryId);
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

        if (source[4] != Version || (source[5] & ~Features) != 0)
        {
            throw new DwcpFormatException($"The frame has version {source[4]} and features {source[5]:x2}; this decoder knows version {Version}. Use a newer DWCP.");
        }

        int blockLength = BinaryPrimitives.ReadInt32LittleEndian(source[8..]);
        long content = BinaryPrimitives.ReadInt64LittleEndian(source[16..]);
        bool known = (source[5] & FeatureContentLength) != 0;
        uint dictionary = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]);
        int windowBits = source[7];
        bool windowed = (source[5] & FeatureWindowed) != 0;
        bool badWindow = windowed
            ? windowBits is < DwcpEncoderOptions.MinWindowBits or > DwcpEncoderOptions.MaxWindowBits || (1 << windowBits) / 2 < blockLength
            : windowBits != 0;
        return blockLength is < 1 or > DwcpEncoderOptions.MaxBlockLength || content < 0 || !known && content != 0 || source[6] > (byte)DwcpLevel.Adaptive || badWindow
            || (dictionary != 0) != ((source[5] & FeatureDictionary) != 0)
            ? throw new DwcpFormatException($"The frame announces blocks of {blockLength} bytes, content of {content} and a window of 2^{windowBits}; that is outside the format.")
            : new FrameHeader(blockLength, (DwcpLevel)source[6], known ? content : null, windowBits, dictionary);
    }
}
