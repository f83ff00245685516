using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Codec;

/// <summary>
/// One block to one self-describing payload and back (docs/format.md, "Blocks"). The first byte names the method; a decoder that does not know it refuses.
/// A block's decoded length is never in the payload: it is declared, and charged to a quota, by whoever carries the payload.
/// </summary>
public static class BlockCodec
{
    /// <summary>Method byte: the block's bytes follow as they are.</summary>
    public const byte MethodStored = 0;

    /// <summary>Method byte: every byte of the block is zero; nothing follows.</summary>
    public const byte MethodZero = 1;

    /// <summary>Method byte: segments of a dictionary coding follow.</summary>
    public const byte MethodSegments = 2;

    /// <summary>Method byte: a transform's parameters and streams follow, each stream a payload of one of the other methods.</summary>
    public const byte MethodTransformed = 3;

    /// <summary>Method byte: the mixed coding, bytes in the contexts of records.</summary>
    public const byte MethodMixed = 8;

    /// <summary>Method byte: the mixed coding, bytes in the contexts of words.</summary>
    public const byte MethodMixedText = 9;

    /// <summary>Method byte: references to earlier blocks of a windowed frame's group follow, then the literals; never in a payload that stands alone.</summary>
    internal const byte MethodReferences = 6;

    /// <summary>Method byte: segments of the nibble coding behind a dictionary follow; only where one was named.</summary>
    internal const byte MethodDictionary = 7;

    /// <summary>The most memory that decoding a block takes beside its payload and its content, bytes.</summary>
    internal const long DecoderWorkingMemory = 30L << 20;

    /// <summary>The most bytes that <see cref="Encode"/> writes for a block of <paramref name="blockLength"/> bytes.</summary>
    public static int MaxEncodedLength(int blockLength) => checked(blockLength + 1);

    /// <summary>Encodes one block. Deterministic for a level other than <see cref="DwcpLevel.Adaptive"/>.</summary>
    /// <param name="block">The bytes, at least one.</param>
    /// <param name="destination">At least <see cref="MaxEncodedLength"/> bytes.</param>
    /// <param name="level">The effort.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too small or the block is empty.</exception>
    public static int Encode(ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        if (block.IsEmpty) throw new ArgumentException("An empty block has no encoding.", nameof(block));
        if (destination.Length < MaxEncodedLength(block.Length))
            throw new ArgumentException($"The destination holds {destination.Length} bytes; a block of {block.Length} needs {MaxEncodedLength(block.Length)}.", nameof(destination));
        if (IsZero(block))
        {
            destination[0] = MethodZero;
            AmstComponent.RecordZeroBlock(block.Length);
            return 1;
        }

        if (level == DwcpLevel.Adaptive) level = DwcpLevel.Balanced;
        var workspace = BlockWorkspace.Rent();
        try
        {
            if (level >= DwcpLevel.Dense)
            {
                var encoded = workspace.EncodeTransformed(block, destination[1..MaxEncodedLength(block.Length)], level);
                if (encoded > 0)
                {
                    destination[0] = MethodTransformed;
                    return encoded + 1;
                }
            }

            return EncodePlain(workspace, block, destination, level);
        }
        finally
        {
            BlockWorkspace.Return(workspace);
        }
    }

    /// <summary>Encodes a block, or a stream that a transform made of one, without a transform.</summary>
    internal static int EncodePlain(BlockWorkspace workspace, ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        if (IsZero(block))
        {
            destination[0] = MethodZero;
            return 1;
        }

        if (level != DwcpLevel.Store)
        {
            var room = destination[1..MaxEncodedLength(block.Length)];
            var method = MethodSegments;
            var encoded = level < DwcpLevel.Dense ? workspace.EncodeSegments(block, room, level)
                : level == DwcpLevel.Dense ? workspace.EncodeNibbles(block, room, level)
                : workspace.EncodeBest(block, room, out method);
            if (encoded > 0 && encoded < block.Length)
            {
                destination[0] = method;
                Count(level, method, block.Length);
                return encoded + 1;
            }
        }

        destination[0] = MethodStored;
        block.CopyTo(destination[1..]);
        PbaComponent.RecordStored(block.Length);
        return block.Length + 1;
    }

    private static void Count(DwcpLevel level, byte method, int bytes)
    {
        if (method != MethodSegments) PbaComponent.RecordMixed(bytes);
        else if (level >= DwcpLevel.Dense) PbaComponent.RecordNibbles(bytes);
        else PbaComponent.RecordHuffman(bytes);
    }

    /// <summary>Decodes one payload into exactly the declared number of bytes.</summary>
    /// <exception cref="DwcpFormatException">Unknown method, or the payload does not decode to exactly the destination's length.</exception>
    public static void Decode(ReadOnlySpan<byte> payload, Span<byte> exactDestination)
    {
        var workspace = BlockWorkspace.Rent();
        try
        {
            if (!payload.IsEmpty && payload[0] == MethodTransformed)
            {
                workspace.DecodeTransformed(payload[1..], exactDestination);
            }
            else
            {
                DecodePlain(workspace, payload, exactDestination);
            }
        }
        finally
        {
            BlockWorkspace.Return(workspace);
        }
    }

    /// <summary>Decodes a payload of any method but a transform.</summary>
    internal static void DecodePlain(BlockWorkspace workspace, ReadOnlySpan<byte> payload, Span<byte> exactDestination)
    {
        if (payload.IsEmpty) throw new DwcpFormatException("An encoded block is empty; it needs at least its method byte.");
        switch (payload[0])
        {
            case MethodStored:
                if (payload.Length - 1 != exactDestination.Length)
                    throw new DwcpFormatException($"A stored block holds {payload.Length - 1} bytes where {exactDestination.Length} were declared.");
                payload[1..].CopyTo(exactDestination);
                break;
            case MethodZero:
                if (payload.Length != 1) throw new DwcpFormatException($"A zero block carries {payload.Length - 1} bytes; it carries none.");
                exactDestination.Clear();
                break;
            case MethodSegments:
                workspace.DecodeSegments(payload[1..], exactDestination);
                break;
            case MethodMixed or MethodMixedText:
                workspace.DecodeMixed(payload[1..], exactDestination, payload[0] == MethodMixedText);
                break;
            default:
                throw new DwcpFormatException($"Block method {payload[0]} is unknown, or not one that may stand here; a newer DWCP wrote it.");
        }
    }

    /// <summary>The raw bytes inside a stored payload, so that a receiver can hash them where they lie.</summary>
    /// <returns>False when the payload is not of the stored method.</returns>
    public static bool TryGetStored(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> raw)
    {
        var stored = !payload.IsEmpty && payload[0] == MethodStored;
        raw = stored ? payload[1..] : default;
        return stored;
    }

    /// <summary>True when every byte is zero; vectorised by the runtime.</summary>
    public static bool IsZero(ReadOnlySpan<byte> block) => block.IndexOfAnyExcept((byte)0) < 0;
}
