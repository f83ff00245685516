namespace NovaCron.Dwcp.Codec;

/// <summary>
/// What the levels mean, in one place. Block lengths trade the window (a block is its own window) against parallelism and random
/// access; all fit a decoder's default limit of 128 MiB with the buffers beside.
/// </summary>
/// <param name="BlockLength">Bytes of a frame's block.</param>
/// <param name="SegmentLength">
/// Bytes that share one set of entropy codes. Fast and Balanced have the most: with 2^17 Balanced makes programs, memory, disk images and databases 0.4 to 1.2 % smaller, text 0.3 to 0.8 %
/// larger, and all of it expands 4 to 8 % slower.
/// </param>
internal sealed record LevelParameters(int BlockLength, int SegmentLength)
{
    private static readonly LevelParameters Store = new(1 << 20, 1 << 17);
    private static readonly LevelParameters Fast = new(1 << 21, 1 << 18);
    private static readonly LevelParameters Balanced = new(1 << 23, 1 << 18);
    private static readonly LevelParameters Dense = new(1 << 23, 1 << 17);
    private static readonly LevelParameters Max = new(1 << 24, 1 << 17);

    public static LevelParameters Of(DwcpLevel level) => level switch
    {
        DwcpLevel.Store => Store,
        DwcpLevel.Fast => Fast,
        DwcpLevel.Balanced => Balanced,
        DwcpLevel.Dense => Dense,
        DwcpLevel.Max => Max,
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "This level has no parameters of its own."),
    };
}
