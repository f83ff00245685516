using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>A manifest record with, for a chunk, the place of its payload.</summary>
internal readonly record struct StoredRecord(ManifestRecord Record, ChunkLocation Location);
