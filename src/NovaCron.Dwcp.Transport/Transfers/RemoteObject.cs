namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>An object on a node.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Root">Its hash.</param>
/// <param name="Bytes">Expanded size, bytes.</param>
/// <param name="Entries">Files, directories and links in it.</param>
/// <param name="CommittedAt">When it was committed.</param>
public sealed record RemoteObject(string Path, ContentHash Root, long Bytes, long Entries, DateTimeOffset CommittedAt);
