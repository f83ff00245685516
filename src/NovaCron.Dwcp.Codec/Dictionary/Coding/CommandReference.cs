using NovaCron.Dwcp.Codec.Dictionary.Parsing;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>The command coding's meaning without pointers or wide copies: what <see cref="CommandKernel"/> must agree with.</summary>
internal static class CommandReference
{
    /// <returns>Whether the commands fitted.</returns>
    public static bool Execute(
        Span<byte> block, int position, int length, ReadOnlySpan<byte> literals, ReadOnlySpan<byte> commands, ReadOnlySpan<byte> lengths,
        ReadOnlySpan<int> offsets, ref RecentOffsets recent)
    {
        int end = position + length;
        foreach (byte command in commands)
        {
            int count = command & 3;
            int copy = (command >> 2 & 15) + CommandCoding.MinMatch;
            if (count == CommandCoding.LiteralEscape && !ReadLength(ref lengths, ref count)
                || copy == CommandCoding.EscapedLength && !ReadLength(ref lengths, ref copy))
            {
                return false;
            }

            int offset;
            switch (command >> 6)
            {
                case 0: offset = recent.First; break;
                case 1: offset = recent.Second; break;
                case 2: offset = recent.Third; break;
                default:
                    if (offsets.IsEmpty)
                    {
                        return false;
                    }

                    offset = offsets[0];
                    offsets = offsets[1..];
                    break;
            }

            // The place decides, not the value: a new offset that equals a recent one still moves all three.
            (recent.First, recent.Second, recent.Third) = (command >> 6) switch
            {
                0 => (offset, recent.Second, recent.Third),
                1 => (offset, recent.First, recent.Third),
                _ => (offset, recent.First, recent.Second),
            };

            if (count > literals.Length || copy > end - position - count || offset < 1 || offset > position + count)
            {
                return false;
            }

            literals[..count].CopyTo(block[position..]);
            literals = literals[count..];
            position += count;
            for (int i = 0; i < copy; i++, position++)
            {
                block[position] = block[position - offset];
            }
        }

        if (literals.Length != end - position || !offsets.IsEmpty || !lengths.IsEmpty)
        {
            return false;
        }

        literals.CopyTo(block[position..]);
        return true;
    }

    private static bool ReadLength(ref ReadOnlySpan<byte> lengths, ref int value)
    {
        if (lengths.IsEmpty)
        {
            return false;
        }

        int extra = lengths[0];
        lengths = lengths[1..];
        if (extra == CommandCoding.WideLength)
        {
            if (lengths.Length < 3)
            {
                return false;
            }

            extra = lengths[0] | lengths[1] << 8 | lengths[2] << 16;
            lengths = lengths[3..];
        }

        value += extra;
        return true;
    }
}
