namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>How far an archive file has come.</summary>
/// <param name="ReadBytes">Bytes read of the source file.</param>
/// <param name="TotalBytes">Bytes that the source file has.</param>
public readonly record struct ArchiveProgress(long ReadBytes, long TotalBytes);
