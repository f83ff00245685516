namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>A chunk and where it lies in a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Hash">Its hash when it was read.</param>
internal readonly record struct FileChunk(string Path, long Offset, int Length, ContentHash Hash);
