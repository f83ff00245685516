namespace NovaCron.Dwcp.Codec;

/// <summary>How much effort the codec spends on a block. The table of what each level does is in docs/format.md.</summary>
public enum DwcpLevel
{
    /// <summary>Stored blocks; only all-zero blocks are elided.</summary>
    Store = 0,

    /// <summary>For links as fast as memory.</summary>
    Fast = 1,

    /// <summary>For local networks.</summary>
    Balanced = 2,

    /// <summary>For the internet: the default there.</summary>
    Dense = 3,

    /// <summary>For the slowest links and for archives: about one megabyte a second and core in both directions, more where much repeats.</summary>
    Max = 4,

    /// <summary>Moves between the levels to keep the output rate that the path takes.</summary>
    Adaptive = 5,
}
