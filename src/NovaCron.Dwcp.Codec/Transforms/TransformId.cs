namespace NovaCron.Dwcp.Codec.Transforms;

/// <summary>The transforms that a payload may name. The values are part of the format.</summary>
internal enum TransformId : byte
{
    /// <summary>Relative targets of x86-64 calls and jumps become absolute.</summary>
    Branches = 1,

    /// <summary>Fixed-width records become differences, byte plane after byte plane.</summary>
    Records = 2,

    /// <summary>Lines become templates and columns of numbers.</summary>
    Lines = 3,

    /// <summary>Relative targets of ARM64 calls and page addresses become absolute.</summary>
    Arm64Branches = 4,
}
