namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>A file that was compressed or expanded.</summary>
/// <param name="Operation"><c>Compress</c> or <c>Expand</c>.</param>
/// <param name="Path">The file that was read.</param>
/// <param name="DestinationPath">The file that was written.</param>
/// <param name="ContentLength">Bytes of content.</param>
/// <param name="EncodedLength">Bytes of the archive.</param>
/// <param name="Duration">From opening to the finished file.</param>
public sealed record ArchiveResult(string Operation, string Path, string DestinationPath, long ContentLength, long EncodedLength, TimeSpan Duration)
{
    /// <summary>Percent of the content's bytes that the archive does not take; below 0 where it is larger.</summary>
    public double PercentSaved => ArchiveInfo.Saved(ContentLength, EncodedLength);

    /// <summary>Bytes of content per second.</summary>
    public double BytesPerSecond => Duration > TimeSpan.Zero ? ContentLength / Duration.TotalSeconds : 0;
}
