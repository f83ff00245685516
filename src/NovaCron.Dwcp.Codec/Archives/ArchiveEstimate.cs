namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>What compressing a file would come to, from a sample of it.</summary>
/// <param name="ContentLength">Bytes of the file.</param>
/// <param name="SampleLength">Bytes that were compressed to find out: pieces spread evenly over the file.</param>
/// <param name="SampleEncodedLength">What they took.</param>
public sealed record ArchiveEstimate(long ContentLength, long SampleLength, long SampleEncodedLength)
{
    /// <summary>Percent saved of the sample.</summary>
    public double PercentSaved => ArchiveInfo.Saved(SampleLength, SampleEncodedLength);

    /// <summary>Bytes of the archive if the rest is like the sample.</summary>
    public long EncodedLength => SampleLength == 0 ? 0 : (long)((Int128)ContentLength * SampleEncodedLength / SampleLength);
}
