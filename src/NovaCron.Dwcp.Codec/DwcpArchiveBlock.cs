namespace NovaCron.Dwcp.Codec;

/// <summary>One block as the index describes it. All lengths and offsets in bytes.</summary>
/// <param name="ContentOffset">Where its content begins.</param>
/// <param name="ContentLength">Its content.</param>
/// <param name="ArchiveOffset">Where its header begins in the archive.</param>
/// <param name="PayloadLength">Its payload, without the header.</param>
/// <param name="ContentHash">XXH128 of its content.</param>
/// <param name="Reach">How many blocks back it refers at most; 0 where it stands alone.</param>
public sealed record DwcpArchiveBlock(long ContentOffset, int ContentLength, long ArchiveOffset, int PayloadLength, UInt128 ContentHash, int Reach = 0);
