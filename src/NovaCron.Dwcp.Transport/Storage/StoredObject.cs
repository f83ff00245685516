namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>A committed object as listed.</summary>
/// <param name="Path">Its path, relative, separated by slashes.</param>
/// <param name="Root">The object's hash: the Merkle root over its entries.</param>
/// <param name="Bytes">Expanded size of its files, bytes.</param>
/// <param name="Entries">Files, directories and links in it.</param>
/// <param name="CommittedAt">When it was committed.</param>
public sealed record StoredObject(string Path, ContentHash Root, long Bytes, long Entries, DateTimeOffset CommittedAt);
