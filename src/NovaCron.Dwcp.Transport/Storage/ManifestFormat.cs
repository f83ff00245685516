namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Constants of a stored manifest (docs/format.md, "Store").</summary>
internal static class ManifestFormat
{
    public const string Extension = ".dwcpm";
    public const int HeaderBytes = 16;
    public const int FooterBytes = 28;
    public const int BlockHeaderBytes = 12;

    /// <summary>A block is written once it has so many bytes.</summary>
    public const int BlockBytes = 128 * 1024;

    /// <summary>No block is larger: one record may carry two long texts beyond <see cref="BlockBytes"/>.</summary>
    public const int MaxBlockBytes = BlockBytes + (16 * 1024);

    public const int MaxTrailerBytes = 64 * 1024 * 1024;
    public const int MaxPackNameBytes = 128;

    public static ReadOnlySpan<byte> Header => "DWCPOBJ1\x01\0\0\0\0\0\0\0"u8;

    public static ReadOnlySpan<byte> EndMagic => "DWCPEND1"u8;
}
