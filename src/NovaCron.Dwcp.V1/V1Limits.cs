namespace NovaCron.Dwcp.V1;

/// <summary>Bounds of v1.</summary>
internal static class V1Limits
{
    /// <summary>Raw bytes of a file that one Data message carries, compressed by itself.</summary>
    public const int PieceBytes = 256 * 1024;

    /// <summary>Largest message, bytes: a piece that zlib could only make longer.</summary>
    public const int MaxMessage = PieceBytes + 4096;

    /// <summary>Largest object that a node reads out over v1, bytes: v1 sends every zero of a sparse one.</summary>
    public const long MaxObjectBytes = 16L << 40;

    public const int MaxListed = 1_000_000;
}
