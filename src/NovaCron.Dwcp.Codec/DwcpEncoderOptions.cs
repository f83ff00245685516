using System.Numerics;

namespace NovaCron.Dwcp.Codec;

/// <summary>How content is encoded into a frame.</summary>
public sealed record DwcpEncoderOptions
{
    /// <summary>The smallest <see cref="BlockLength"/>, bytes.</summary>
    public const int MinBlockLength = 1 << 10;

    /// <summary>The largest <see cref="BlockLength"/>, bytes: two blocks in flight fit a decoder's default memory limit.</summary>
    public const int MaxBlockLength = 1 << 24;

    /// <summary>The smallest <see cref="WindowLength"/>, bytes.</summary>
    public const int MinWindowLength = 1 << MinWindowBits;

    /// <summary>The largest <see cref="WindowLength"/>, bytes: 1 GiB.</summary>
    public const int MaxWindowLength = 1 << MaxWindowBits;

    internal const int MinWindowBits = 12;
    internal const int MaxWindowBits = 30;

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

    /// <summary>
    /// Bytes of a window, a power of two from 4 KiB to 1 GiB that holds at least two blocks, or 0 for independent blocks (the default). In a
    /// windowed frame a block may refer to what earlier blocks of its window hold, however far back: the window starts anew after so many bytes.
    /// A decoder needs the window's bytes of memory beside its blocks; with more than about 64 MiB its limit has to be raised.
    /// </summary>
    public int WindowLength { get; init; }

    /// <summary>
    /// A trained dictionary, or null. It is tried for each block of at most <see cref="DwcpDictionary.MaxPayloadLength"/> bytes, so for small content; the decoder needs the same one.
    /// </summary>
    public DwcpDictionary? Dictionary { get; init; }

    internal int EffectiveWindowBits
    {
        get
        {
            if (WindowLength == 0)
            {
                return 0;
            }

            ArgumentOutOfRangeException.ThrowIfLessThan(WindowLength, MinWindowLength);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(WindowLength, MaxWindowLength);
            return !BitOperations.IsPow2(WindowLength) ? throw new ArgumentOutOfRangeException(nameof(WindowLength), WindowLength, "A window's length is a power of two.")
                : WindowLength / 2 < EffectiveBlockLength ? throw new ArgumentOutOfRangeException(
                    nameof(WindowLength), WindowLength, $"A window holds two blocks at least; these have {EffectiveBlockLength} bytes. Choose a longer window or shorter blocks.")
                : BitOperations.Log2((uint)WindowLength);
        }
    }

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
