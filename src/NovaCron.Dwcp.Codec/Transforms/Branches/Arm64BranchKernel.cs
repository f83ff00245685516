using System.Numerics;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Transforms.Branches;

/// <summary>
/// The targets of ARM64's BL (a distance in instructions, 26 bits) and ADRP (a distance in pages of 4 KiB, 21 bits) become places, modulo the
/// field's size, so that nothing has to be told apart to undo it. The conversion is that of xz's ARM64 filter (liblzma, simple/arm64.c),
/// ADRP within 512 MiB only. Eight instructions at a time where the machine has vectors of that length.
/// </summary>
internal readonly unsafe struct Arm64BranchKernel : IBranchKernel
{
    private const int Instruction = 4;
    private const uint BranchMask = 0xFC00_0000;
    private const uint BranchWithLink = 0x9400_0000;
    private const uint PageMask = 0x9F00_0000;
    private const uint PageAddress = 0x9000_0000;

    /// <inheritdoc/>
    public static TransformId Id => TransformId.Arm64Branches;

    /// <inheritdoc/>
    public static void Convert(byte* block, int from, int to, bool forward)
    {
        int at = from;
        if (Vector256.IsHardwareAccelerated)
        {
            uint sign = forward ? 1 : uint.MaxValue;
            var lanes = Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7);
            for (; at + Vector256<byte>.Count <= to; at += Vector256<byte>.Count)
            {
                // A vector of instructions lies within one page.
                Vector256<uint> word = Vector256.Load((uint*)(block + at));
                Vector256<uint> branch = (word + (lanes + Vector256.Create((uint)at / Instruction)) * sign & Vector256.Create(~BranchMask)) | Vector256.Create(BranchWithLink);
                Vector256<uint> page = (Vector256.ShiftRightLogical(word, 29) & Vector256.Create(3u)) | (Vector256.ShiftRightLogical(word, 3) & Vector256.Create(0x1F_FFFCu));
                Vector256<uint> near = Vector256.Equals(page + Vector256.Create(0x2_0000u) & Vector256.Create(0x1C_0000u), Vector256<uint>.Zero);
                Vector256<uint> target = page + Vector256.Create(((uint)at >> 12) * sign);
                Vector256<uint> address = (word & Vector256.Create(0x9000_001Fu))
                    | Vector256.ShiftLeft(target & Vector256.Create(3u), 29)
                    | Vector256.ShiftLeft(target & Vector256.Create(0x3_FFFCu), 3)
                    | (Vector256<uint>.Zero - (target & Vector256.Create(0x2_0000u)) & Vector256.Create(0xE0_0000u));
                Vector256<uint> isBranch = Vector256.Equals(word & Vector256.Create(BranchMask), Vector256.Create(BranchWithLink));
                Vector256<uint> isPage = Vector256.Equals(word & Vector256.Create(PageMask), Vector256.Create(PageAddress)) & near;
                Vector256.ConditionalSelect(isBranch, branch, Vector256.ConditionalSelect(isPage, address, word)).Store((uint*)(block + at));
            }
        }

        ConvertPortable(block, at, to, forward);
    }

    /// <summary>The same, instruction by instruction.</summary>
    public static void ConvertPortable(byte* block, int from, int to, bool forward)
    {
        uint sign = forward ? 1 : uint.MaxValue;
        for (int at = from; at + Instruction <= to; at += Instruction)
        {
            uint word = Bytes.Load32(block + at);
            if ((word & BranchMask) == BranchWithLink)
            {
                Bytes.Store32(block + at, (word + (uint)at / Instruction * sign & ~BranchMask) | BranchWithLink);
            }
            else if ((word & PageMask) == PageAddress)
            {
                uint page = (word >> 29 & 3) | (word >> 3 & 0x1F_FFFC);
                if ((page + 0x2_0000 & 0x1C_0000) == 0)
                {
                    uint target = page + ((uint)at >> 12) * sign;
                    Bytes.Store32(block + at, (word & 0x9000_001F) | (target & 3) << 29 | (target & 0x3_FFFC) << 3 | (0 - (target & 0x2_0000) & 0xE0_0000));
                }
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Of ARM64's instructions one in 15 to 40 is a BL, and a library's reach a few MiB; of evenly spread words one in 64 has its first six bits,
    /// and an eighth of those so short a distance.
    /// </remarks>
    public static bool IsCode(byte* block, int from, int to)
    {
        int branches = 0;
        int near = 0;
        for (int at = from; at + Instruction <= to; at += Instruction)
        {
            uint word = Bytes.Load32(block + at);
            if ((word & BranchMask) == BranchWithLink)
            {
                branches++;
                near += BitOperations.PopCount(word & 0x03C0_0000) is 0 or 4 ? 1 : 0;
            }
        }

        return near >= 16 && near >= (to - from) / Instruction / 100 && near * 5 >= branches * 4;
    }
}
