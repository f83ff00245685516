using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// The command coding of a segment: one byte per sequence, everything else in streams of its own, so that each is decoded in bulk and
/// the copying loop reads whole bytes. Command = literal count (2 bits, 3 = 3 + next length) | match length - 2 (4 bits, 15 = 17 + next
/// length) | which offset (2 bits, 0..2 recent, 3 = next of the offset stream).
/// </summary>
internal static unsafe class CommandCoding
{
    public const int LiteralEscape = 3;
    public const int MinMatch = 2;
    public const int LengthEscape = 15;
    public const int EscapedLength = MinMatch + LengthEscape;
    public const int NewOffset = 3;

    /// <summary>A length byte of 255 says that the length follows in three bytes.</summary>
    public const byte WideLength = 255;

    /// <summary>Offsets are coded + 8 as exponent (5 bits), the three bits below the leading one, and the rest raw.</summary>
    public const int OffsetBias = 8;

    /// <summary>The longest segment; keeps a segment's streams within a 1 MiB L2.</summary>
    public const int MaxSegment = 1 << 18;

    /// <summary>The largest exponent of an offset code: a window of 1 GiB.</summary>
    public const int MaxExponent = 27;

    /// <summary>
    /// Where the recent offsets come from, as bytes of a vector of them, newest first, with the new one last: 16 bytes for each choice, number 0,
    /// 1, 2 of them or the new one (number 3).
    /// </summary>
    public static byte* Rotations => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(RotationTable));

    // A constant of the assembly: it lies still.
    private static ReadOnlySpan<byte> RotationTable =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15,
        8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15,
        12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15,
    ];
}
