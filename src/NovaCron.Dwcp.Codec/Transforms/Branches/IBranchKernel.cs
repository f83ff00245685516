namespace NovaCron.Dwcp.Codec.Transforms.Branches;

/// <summary>The branches of one instruction set.</summary>
internal unsafe interface IBranchKernel
{
    /// <summary>The number of its transform.</summary>
    static abstract TransformId Id { get; }

    /// <summary>Whether <paramref name="from"/>..<paramref name="to"/> looks like code of this instruction set.</summary>
    static abstract bool IsCode(byte* block, int from, int to);

    /// <summary>Converts in place the instructions that lie whole in <paramref name="from"/>..<paramref name="to"/>.</summary>
    /// <param name="block">The block, whose first byte is address 0.</param>
    /// <param name="from">First byte, a multiple of the instruction's alignment.</param>
    /// <param name="to">One beyond the last byte.</param>
    /// <param name="forward">Whether distances become targets, or targets distances.</param>
    static abstract void Convert(byte* block, int from, int to, bool forward);
}
