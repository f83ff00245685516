namespace NovaCron.Dwcp.Codec.Dictionary.References;

/// <summary>A stretch of a block that lies, byte for byte, in an earlier block of its group.</summary>
/// <param name="Start">Where it begins in its block.</param>
/// <param name="Length">Its bytes, at least <see cref="ReferenceCoding.MinLength"/>.</param>
/// <param name="Block">The other block's number in the group.</param>
/// <param name="Offset">Where it begins there.</param>
internal readonly record struct Reference(int Start, int Length, int Block, int Offset)
{
    /// <summary>Where it ends in its block.</summary>
    public int End => Start + Length;
}
