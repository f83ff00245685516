namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Where a chunk's payload lies.</summary>
/// <param name="Pack">Number of the pack in its principal's <see cref="PackTable"/>, of this process only.</param>
/// <param name="StoredLength">Bytes of the encoded payload.</param>
/// <param name="RawLength">Bytes of the chunk.</param>
/// <param name="Offset">Of the payload in the pack.</param>
internal readonly record struct ChunkLocation(int Pack, int StoredLength, int RawLength, long Offset);
