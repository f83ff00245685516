namespace NovaCron.Dwcp.Codec;

/// <summary>How content is encoded into a frame.</summary>
public sealed record DwcpEncoderOptions
{
    /// <summary>The smallest <see cref="BlockLength"/>, bytes.</summary>
    public const int MinBlockLength = 1 << 10;

    /// <summary>The largest <see cref="BlockLength"/>, bytes: two blocks in flight fit a decoder's default memory limit.</summary>
    public const int MaxBlockLength = 1 << 24;

    /// <summary>The defaults: <see cref="DwcpLevel.Dense"/>, one thread per processor.</summary>
    public static DwcpEncoderOptions Default { get; } = new();

    /// <summary>The effort; <see cref="DwcpLevel.Dense"/> by default.</summary>
    public DwcpLevel Level { get; init; } = DwcpLevel.Dense;

    /// <summary>
    /// Bytes of a block, the unit of parallelism and of random access and the window that matches are looked for in;
    /// 0 takes the level's own (1 to 16 MiB).
    /// </summary>
    public int BlockLength { get; init; }

    /// <summary>Blocks encoded at once, 1 or more. Does not change the bytes.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The content's length in bytes where it is known beforehand; it is then announced to the decoder and enforced.</summary>
    public long? ContentLength { get; init; }

    internal int EffectiveBlockLength
    {
        get
        {
            int length = BlockLength != 0 ? BlockLength : LevelParameters.Of(Level == DwcpLevel.Adaptive ? DwcpLevel.Balanced : Level).BlockLength;
            ArgumentOutOfRangeException.ThrowIfLessThan(length, MinBlockLength, nameof(BlockLength));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxBlockLength, nameof(BlockLength));
            return ContentLength is { } content && content < length ? (int)Math.Max(content, MinBlockLength) : length;
        }
    }
}
