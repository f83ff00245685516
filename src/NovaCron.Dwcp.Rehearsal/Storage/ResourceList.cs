namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Objects as they were at one revision.</summary>
/// <param name="Revision">The cluster revision at which the list was read; a watch continues from here without a gap.</param>
/// <param name="Items">Ordered by namespace and name.</param>
public sealed record ResourceList(long Revision, IReadOnlyList<StoredObject> Items);
