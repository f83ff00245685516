namespace NovaCron.Dwcp.Codec.Transforms.Branches;

/// <summary>
/// Converts the branches of the parts of a block that hold code. Parameters: a bit per 64 KiB, lowest first, set where it was converted. One
/// stream, as long as the block.
/// </summary>
/// <typeparam name="TKernel">The instruction set.</typeparam>
internal sealed unsafe class BranchTransform<TKernel> : ITransform
    where TKernel : IBranchKernel
{
    /// <summary>The pieces that are code or not, bytes.</summary>
    public const int Piece = 1 << 16;

    /// <inheritdoc/>
    public TransformId Id => TKernel.Id;

    /// <inheritdoc/>
    public bool InPlace => true;

    /// <inheritdoc/>
    public bool TryForward(ReadOnlySpan<byte> block, TransformStreams output, int way)
    {
        if (block.Length > BranchKernel.Range)
        {
            return false;
        }

        output.Clear(block.Length);
        Span<byte> pieces = stackalloc byte[BranchKernel.Range / Piece / 8];
        pieces = pieces[..PieceBytes(block.Length)];
        pieces.Clear();
        bool any = false;
        fixed (byte* b = block)
        {
            for (int at = 0; at < block.Length; at += Piece)
            {
                if (TKernel.IsCode(b, at, Math.Min(at + Piece, block.Length)))
                {
                    pieces[at / Piece >> 3] |= (byte)(1 << (at / Piece & 7));
                    any = true;
                }
            }
        }

        if (!any)
        {
            return false;
        }

        output.AddParameters(pieces);
        Span<byte> stream = output.Add(block.Length);
        block.CopyTo(stream);
        Convert(stream, pieces, forward: true);
        return true;
    }

    /// <inheritdoc/>
    public void Inverse(TransformStreams input, Span<byte> block)
    {
        if (input.Count != 1 || input[0].Length != block.Length || block.Length > BranchKernel.Range || input.Parameters.Length != PieceBytes(block.Length))
        {
            throw new DwcpFormatException("A block of converted branches has not one stream of its length with a bit for each of its pieces.");
        }

        input[0].CopyTo(block);
        Convert(block, input.Parameters, forward: false);
    }

    private static int PieceBytes(int length) => (length + Piece * 8 - 1) / (Piece * 8);

    private static void Convert(Span<byte> block, ReadOnlySpan<byte> pieces, bool forward)
    {
        fixed (byte* b = block)
        {
            for (int at = 0; at < block.Length; at += Piece)
            {
                if ((pieces[at / Piece >> 3] >> (at / Piece & 7) & 1) != 0)
                {
                    TKernel.Convert(b, at, Math.Min(at + Piece, block.Length), forward);
                }
            }
        }
    }
}
