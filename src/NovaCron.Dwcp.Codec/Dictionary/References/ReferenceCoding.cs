using System.Diagnostics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.References;

/// <summary>
/// The payload of a block with references (docs/codec-format.md, "References"): the references as three columns of numbers, coded as a block
/// of their own, then the literals, coded as any block is. So long-distance matches cost the coders behind them nothing, every level
/// has them, and all blocks of a group are still coded at the same time: only the copies themselves wait for the blocks before.
/// </summary>
internal static class ReferenceCoding
{
    /// <summary>The shortest reference: shorter ones are for the coders of the literals.</summary>
    public const int MinLength = 32;

    /// <summary>The most bytes that a reference takes before it is coded.</summary>
    private const int MaxNumbers = 3 * Bytes.MaxVarint;

    /// <summary>The most references of a block.</summary>
    public static int MaxCount(int blockLength) => blockLength / MinLength;

    /// <summary>Encodes a block with references.</summary>
    /// <param name="block">The block.</param>
    /// <param name="references">At least one.</param>
    /// <param name="blockLength">The length of every block of the frame but the last.</param>
    /// <param name="destination">At least <see cref="BlockCodec.MaxEncodedLength"/> bytes.</param>
    /// <param name="level">The effort.</param>
    /// <param name="scratch">Room for the literals and numbers; grows.</param>
    /// <returns>The bytes written.</returns>
    public static int Encode(ReadOnlySpan<byte> block, ReferenceList references, int blockLength, Span<byte> destination, DwcpLevel level, ref byte[] scratch)
    {
        int literals = block.Length - references.Length;
        int numbersRoom = references.Count * MaxNumbers;
        int room = Math.Max(literals, numbersRoom + BlockCodec.MaxEncodedLength(numbersRoom));
        if (scratch.Length < room)
        {
            scratch = GC.AllocateUninitializedArray<byte>(room);
        }

        int numbers = WriteNumbers(references, blockLength, scratch);
        Span<byte> coded = scratch.AsSpan(numbers);
        int codedLength = BlockCodec.Encode(scratch.AsSpan(0, numbers), coded, level);
        // 32 bytes at most for a block's first reference and 15 for each further one: less than they stand for.
        Debug.Assert(1 + 3 * Bytes.MaxVarint + codedLength <= references.Length, "References shorter than the finder makes them need a check for room here.");
        destination[0] = BlockCodec.MethodReferences;
        int n = 1 + Bytes.WriteVarint(destination[1..], (uint)references.Count);
        n += Bytes.WriteVarint(destination[n..], (uint)numbers);
        n += Bytes.WriteVarint(destination[n..], (uint)codedLength);
        coded[..codedLength].CopyTo(destination[n..]);
        n += codedLength;
        if (literals > 0)
        {
            references.Gather(block, scratch);
            n += BlockCodec.Encode(scratch.AsSpan(0, literals), destination[n..], level);
        }

        return n;
    }

    /// <summary>Decodes the literals of a block with references to their places, and the references; the copies are the caller's.</summary>
    /// <param name="payload">Without its method byte.</param>
    /// <param name="block">Its literals are filled in.</param>
    /// <param name="number">The block's number in its group.</param>
    /// <param name="blockLength">The length of every block of the frame but the last.</param>
    /// <param name="references">Filled.</param>
    /// <param name="scratch">Room for the literals; grows to the block's length at most.</param>
    /// <exception cref="DwcpFormatException">The payload is malformed.</exception>
    public static void Decode(ReadOnlySpan<byte> payload, Span<byte> block, int number, int blockLength, ReferenceList references, ref byte[] scratch)
    {
        uint count = Bytes.ReadVarint(ref payload);
        uint numbers = Bytes.ReadVarint(ref payload);
        if (count == 0 || count > (uint)MaxCount(block.Length) || numbers < 3 * count || numbers > MaxNumbers * count)
        {
            throw new DwcpFormatException($"{count} references in {numbers} bytes are not what a block of {block.Length} bytes may have.");
        }

        if (scratch.Length < Math.Max(block.Length, (int)numbers))
        {
            scratch = GC.AllocateUninitializedArray<byte>(Math.Max(block.Length, (int)numbers));
        }

        BlockCodec.Decode(Bytes.Take(ref payload, Bytes.ReadVarint(ref payload)), scratch.AsSpan(0, (int)numbers));
        ReadNumbers(scratch.AsSpan(0, (int)numbers), (int)count, block.Length, number, blockLength, references);
        int literals = block.Length - references.Length;
        if (literals == 0)
        {
            if (!payload.IsEmpty)
            {
                throw new DwcpFormatException("A block that is all references has literals.");
            }

            return;
        }

        BlockCodec.Decode(payload, scratch.AsSpan(0, literals));
        references.Scatter(scratch, block);
    }

    private static int WriteNumbers(ReferenceList references, int blockLength, Span<byte> destination)
    {
        int n = 0;
        int end = 0;
        for (int i = 0; i < references.Count; i++)
        {
            n += Bytes.WriteVarint(destination[n..], (uint)(references[i].Start - end));
            end = references[i].End;
        }

        for (int i = 0; i < references.Count; i++)
        {
            n += Bytes.WriteVarint(destination[n..], (uint)(references[i].Length - MinLength));
        }

        long expected = 0;
        end = 0;
        for (int i = 0; i < references.Count; i++)
        {
            Reference reference = references[i];
            long source = (long)reference.Block * blockLength + reference.Offset;
            int difference = (int)(source - expected - (reference.Start - end));
            n += Bytes.WriteVarint(destination[n..], (uint)(difference << 1 ^ difference >> 31));
            expected = source + reference.Length;
            end = reference.End;
        }

        return n;
    }

    private static void ReadNumbers(ReadOnlySpan<byte> numbers, int count, int length, int number, int blockLength, ReferenceList references)
    {
        references.Clear();
        ReadOnlySpan<byte> lengths = numbers;
        for (int i = 0; i < count; i++)
        {
            Bytes.ReadVarint(ref lengths);
        }

        ReadOnlySpan<byte> sources = lengths;
        for (int i = 0; i < count; i++)
        {
            Bytes.ReadVarint(ref sources);
        }

        long expected = 0;
        int end = 0;
        for (int i = 0; i < count; i++)
        {
            uint literals = Bytes.ReadVarint(ref numbers);
            uint over = Bytes.ReadVarint(ref lengths);
            uint folded = Bytes.ReadVarint(ref sources);
            if (literals > (uint)(length - end) || over > (uint)length || over + MinLength > (uint)(length - end) - literals)
            {
                throw new DwcpFormatException($"Reference {i} does not fit its block of {length} bytes.");
            }

            long source = expected + literals + (int)(folded >> 1 ^ (uint)-(int)(folded & 1));
            int start = end + (int)literals;
            int bytes = (int)over + MinLength;
            long block = source / blockLength;
            if (source < 0 || block >= number || source % blockLength + bytes > blockLength)
            {
                throw new DwcpFormatException($"Reference {i} does not lie within one block before its own in the group.");
            }

            references.Add(new Reference(start, bytes, (int)block, (int)(source % blockLength)));
            expected = source + bytes;
            end = start + bytes;
        }

        if (!sources.IsEmpty)
        {
            throw new DwcpFormatException($"{sources.Length} bytes follow the last reference of a block.");
        }
    }
}
