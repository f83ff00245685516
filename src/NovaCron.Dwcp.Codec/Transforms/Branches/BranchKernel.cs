using System.Numerics;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Transforms.Branches;

/// <summary>
/// The operands of x86-64 near calls (E8) and jumps (E9): distances to the target become targets, so that every call of one function looks
/// the same. The conversion is the one of Microsoft's LZX: a permutation of -position .. Range-1, so that it is undone without a flag.
/// Opcodes are found by vector where there are vectors.
/// </summary>
internal readonly unsafe struct BranchKernel : IBranchKernel
{
    /// <summary>Targets are places in a block; no block is longer.</summary>
    public const int Range = 1 << 24;

    private const int Instruction = 5;

    /// <inheritdoc/>
    public static TransformId Id => TransformId.Branches;

    /// <inheritdoc/>
    public static void Convert(byte* block, int from, int to, bool forward)
    {
        for (int i = from; (i = NextOpcode(block, i, to - Instruction + 1)) >= 0; i += Instruction)
        {
            ConvertOperand(block + i + 1, i, forward);
        }
    }

    /// <summary>The same, byte by byte.</summary>
    public static void ConvertPortable(byte* block, int from, int to, bool forward)
    {
        for (int i = from; i + Instruction <= to; i++)
        {
            if ((block[i] & 0xFE) == 0xE8)
            {
                ConvertOperand(block + i + 1, i, forward);
                i += Instruction - 1;
            }
        }
    }

    private static void ConvertOperand(byte* operand, int position, bool forward)
    {
        int value = (int)Bytes.Load32(operand);
        if (forward)
        {
            if (value >= -position && value < Range)
            {
                Bytes.Store32(operand, (uint)(value < Range - position ? value + position : value - Range));
            }
        }
        else if (value < 0)
        {
            if (value + position >= 0)
            {
                Bytes.Store32(operand, (uint)(value + Range));
            }
        }
        else if (value < Range)
        {
            Bytes.Store32(operand, (uint)(value - position));
        }
    }

    private static int NextOpcode(byte* block, int from, int to)
    {
        if (Vector128.IsHardwareAccelerated)
        {
            for (; from + 16 <= to; from += 16)
            {
                Vector128<byte> found = Vector128.Equals(Vector128.Load(block + from) & Vector128.Create((byte)0xFE), Vector128.Create((byte)0xE8));
                uint bits = found.ExtractMostSignificantBits();
                if (bits != 0)
                {
                    return from + BitOperations.TrailingZeroCount(bits);
                }
            }
        }

        for (; from < to; from++)
        {
            if ((block[from] & 0xFE) == 0xE8)
            {
                return from;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// E8 and E9 are at least one byte in 256 (an even spread has one in 128, code one in 20 to 60 of E8 alone), and three of five have an operand
    /// whose top byte is 00 or FF, which a byte of anything else is in one of 128.
    /// </remarks>
    public static bool IsCode(byte* block, int from, int to)
    {
        int opcodes = 0;
        int near = 0;
        for (int i = from; (i = NextOpcode(block, i, to - Instruction + 1)) >= 0; i++)
        {
            opcodes++;
            near += block[i + 4] is 0 or 0xFF ? 1 : 0;
        }

        return opcodes >= to - from >> 8 && near >= 16 && near * 5 >= opcodes * 3;
    }
}
