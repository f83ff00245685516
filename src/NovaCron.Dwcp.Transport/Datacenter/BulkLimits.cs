using NovaCron.Dwcp.Codec.Dictionary.Chunking;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Sizes and bounds of the bulk path; docs/format.md repeats them.</summary>
internal static class BulkLimits
{
    /// <summary>Bytes of an extent: what is verified, journalled and acknowledged as one.</summary>
    public const int ExtentBytes = 4 * 1024 * 1024;

    /// <summary>Bytes of a piece: what is read, hashed and written while it is in the core's second-level cache. Also the object's chunk, so that its digest needs no other cut.</summary>
    public const int PieceBytes = FastCdc.DefaultMaximum;

    public const int PiecesPerExtent = ExtentBytes / PieceBytes;

    /// <summary>Extents under way and not yet verified by the receiver: the sender's credits. 32 MiB fill any path inside a site.</summary>
    public const int Credits = 8;

    /// <summary>Most extents of one object: 16 TiB. A bitmap over them fits a frame.</summary>
    public const int MaxExtents = 4 * 1024 * 1024;

    public const int TokenBytes = 32;
    public const int KeyBytes = 32;
    public const int TagBytes = 16;
    public const int IdentityBytes = 16;

    /// <summary>Most bytes of a carrier's own part of a message: remote keys.</summary>
    public const int MaxCarrierBytes = 16 * 1024;

    public static int ExtentsOf(long bytes) => checked((int)((bytes + ExtentBytes - 1) / ExtentBytes));

    public static int LengthOf(long bytes, int extent) => (int)Math.Min(ExtentBytes, bytes - ((long)extent * ExtentBytes));
}
