using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>An object that a node will send by the bulk path.</summary>
/// <param name="Entry">Its file.</param>
/// <param name="Root">Its hash, which the receiver recomputes before it believes a byte.</param>
internal sealed record BulkStored(EntryHeader Entry, ContentHash Root);
