namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>Finds the sequences of a block, segment after segment. Holds the match finder's tables and is reused from block to block.</summary>
internal abstract unsafe class Parser
{
    /// <summary>Forgets the previous block.</summary>
    /// <param name="block">The block; it stays in place until the next <see cref="Begin"/>.</param>
    /// <param name="length">Its length in bytes.</param>
    public abstract void Begin(byte* block, int length);

    /// <summary>Parses the segment <paramref name="start"/>..<paramref name="end"/>; everything before it is history.</summary>
    /// <param name="start">Its first byte's place in the block.</param>
    /// <param name="end">One beyond its last byte's place.</param>
    /// <param name="sequences">What was found; emptied first.</param>
    /// <param name="noise">Whether it looks random: only long matches can be in it, so a parser may look and index at fewer places.</param>
    public abstract void Parse(int start, int end, SequenceBuffer sequences, bool noise = false);
}
