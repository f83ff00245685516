namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>What an archive file says of itself.</summary>
/// <param name="Path">The archive.</param>
/// <param name="Level">The level that was asked for when it was written.</param>
/// <param name="ContentLength">Bytes of content.</param>
/// <param name="EncodedLength">Bytes of the archive.</param>
/// <param name="BlockLength">The longest block, bytes of content.</param>
/// <param name="TreeHash">XXH128 over the index, hexadecimal: the same for equal content in equal blocks. Guards against accidents only.</param>
/// <param name="Blocks">The blocks in order.</param>
/// <param name="Verified">Whether every block was decoded and had the hash that it should; false where nobody looked.</param>
/// <param name="WindowLength">Bytes of the window that blocks refer to one another in; 0 where each stands alone.</param>
/// <param name="DictionaryId">Number of the dictionary that it needs, hexadecimal; empty where it needs none.</param>
public sealed record ArchiveInfo(
    string Path, DwcpLevel Level, long ContentLength, long EncodedLength, int BlockLength, string TreeHash, IReadOnlyList<DwcpArchiveBlock> Blocks, bool Verified,
    int WindowLength = 0, string DictionaryId = "")
{
    /// <summary>Percent of the content's bytes that the archive does not take; below 0 where it is larger.</summary>
    public double PercentSaved => Saved(ContentLength, EncodedLength);

    /// <summary>How many blocks there are.</summary>
    public int BlockCount => Blocks.Count;

    internal static double Saved(long content, long encoded) => content == 0 ? 0 : 100.0 * (content - encoded) / content;
}
