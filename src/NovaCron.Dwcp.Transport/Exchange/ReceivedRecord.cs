using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>A record of a received segment, with its place.</summary>
/// <param name="Record">As it came.</param>
/// <param name="Entry">Number of its entry in the object, from 1.</param>
/// <param name="Offset">Where its bytes begin in the file.</param>
internal readonly record struct ReceivedRecord(ManifestRecord Record, long Entry, long Offset)
{
    /// <summary>Super-features of a chunk, as its sender told them; a hint.</summary>
    public ChunkFeatures Features { get; init; }
}
