using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>A look-up of sixteen bytes in a table of sixteen, in one instruction where the processor has one.</summary>
internal static class VectorTable
{
    /// <param name="table">The bytes to choose from.</param>
    /// <param name="indices">0 to 15 each.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Lookup(Vector128<byte> table, Vector128<byte> indices) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(table, indices)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, indices)
        : Vector128.Shuffle(table, indices);
}
