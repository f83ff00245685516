namespace NovaCron.Dwcp.Codec.Dictionary.Resemblance;

/// <summary>A chunk that a receiver has, by the fingerprints of its pieces: enough for a sender that does not have it to send only what differs.</summary>
/// <param name="Seed">What the fingerprints are seeded with.</param>
/// <param name="Fingerprints">Of its pieces, in order.</param>
public sealed record SimilarChunk(ulong Seed, ulong[] Fingerprints);
