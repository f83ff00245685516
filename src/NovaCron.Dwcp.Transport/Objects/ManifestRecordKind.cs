namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>First byte of a manifest record (docs/format.md, "Manifest records").</summary>
internal enum ManifestRecordKind : byte
{
    Entry = 1,
    Chunk = 2,
    Zeros = 3,
    EndFile = 4,
}
