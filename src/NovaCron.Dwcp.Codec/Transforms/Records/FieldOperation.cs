namespace NovaCron.Dwcp.Codec.Transforms.Records;

/// <summary>What is written of a field in place of its value. The values are part of the format.</summary>
internal enum FieldOperation : byte
{
    /// <summary>The value.</summary>
    Value = 0,

    /// <summary>The difference to the record before, zig-zag.</summary>
    Delta = 1,

    /// <summary>The difference of differences, zig-zag.</summary>
    DoubleDelta = 2,

    /// <summary>The bits that differ from the record before; for floating-point values.</summary>
    Xor = 3,
}
