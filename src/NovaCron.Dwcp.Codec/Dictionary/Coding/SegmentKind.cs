namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>How a segment of a dictionary-coded block is written. The values are part of the format.</summary>
internal enum SegmentKind : byte
{
    /// <summary>The bytes themselves.</summary>
    Raw = 0,

    /// <summary><see cref="CommandCoding"/>.</summary>
    Commands = 1,

    /// <summary><see cref="NibbleCoding"/>, literals in the context of the byte at the last offset.</summary>
    Nibbles = 2,

    /// <summary><see cref="NibbleCoding"/>, literals in the context of the two bytes before.</summary>
    TextNibbles = 3,
}
