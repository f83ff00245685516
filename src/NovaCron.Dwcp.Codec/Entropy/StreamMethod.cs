namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>How a byte stream inside a block is coded. The values are part of the format.</summary>
internal enum StreamMethod : byte
{
    /// <summary>The bytes themselves.</summary>
    Raw = 0,

    /// <summary>One byte, that many times.</summary>
    Repeated = 1,

    /// <summary>Four interleaved Huffman streams.</summary>
    Huffman = 2,
}
