namespace NovaCron.Dwcp.Codec.Entropy.Huffman;

/// <summary>One Huffman stream read bit by bit, without pointers: what <see cref="HuffmanKernel"/> must agree with.</summary>
internal static class HuffmanReference
{
    /// <summary>Decodes <paramref name="destination"/>.Length symbols.</summary>
    /// <returns>Whether the stream was well formed and used up.</returns>
    public static bool Decode(ReadOnlySpan<byte> stream, ReadOnlySpan<byte> lengths, Span<byte> destination)
    {
        int bit = stream.Length * 8 - 1;
        while (bit >= 0 && (stream[bit >> 3] >> (bit & 7) & 1) == 0)
        {
            bit--;
        }

        Span<ulong> codes = stackalloc ulong[256];
        HuffmanCode.AssignCodes(lengths, codes);
        for (int i = 0; i < destination.Length; i++)
        {
            uint code = 0;
            int symbol = -1;
            for (int length = 1; length <= HuffmanCode.MaxBits && symbol < 0; length++)
            {
                if (--bit < 0)
                {
                    return false;
                }

                code = code << 1 | (uint)(stream[bit >> 3] >> (bit & 7) & 1);
                symbol = codes.IndexOf((ulong)code << 64 - length | (uint)length);
            }

            destination[i] = (byte)symbol;
        }

        return bit == 0;
    }
}
