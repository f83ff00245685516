namespace NovaCron.Dwcp.Transport.Files;

/// <summary>A file as listed.</summary>
internal readonly record struct StoreFileInfo(string Name, long Length, DateTimeOffset ModifiedAt);
