namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>How a column of words is written, and where its bytes lie.</summary>
internal struct WordColumn
{
    /// <summary>The most different words that two planes of numbers tell apart.</summary>
    public const int MostDifferent = 65_535;

    /// <summary>Planes of numbers: 0 where every word is written out; else number 0 stands for the next new word, i for the i-th.</summary>
    public int Planes;

    /// <summary>How many words there are.</summary>
    public int Count;

    /// <summary>Where the column's planes begin in the data.</summary>
    public int Data;

    /// <summary>The next word to be read.</summary>
    public int Next;

    /// <summary>The first of the column's words among all that are written out.</summary>
    public int First;

    /// <summary>How many of them were met.</summary>
    public int Met;

    /// <summary>The bytes that the column takes in the data.</summary>
    public readonly long DataLength => (long)Count * Planes;
}
