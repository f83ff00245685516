namespace NovaCron.Dwcp.Codec.Transforms.Records;

/// <summary>A little-endian field of a record.</summary>
/// <param name="Offset">Where it lies in the record, bytes.</param>
/// <param name="Size">1, 2, 4 or 8 bytes.</param>
/// <param name="Operation">What is written of it.</param>
internal readonly record struct Field(int Offset, int Size, FieldOperation Operation);
