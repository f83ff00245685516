namespace NovaCron.Dwcp.Codec.Transforms;

/// <summary>
/// A reversible change of a block into parameters and one or more streams that code smaller than it would (docs/codec-format.md, "Transforms").
/// A transform looks at the block and says no where it cannot help; whether it really does is measured by its caller on a sample.
/// </summary>
internal interface ITransform
{
    /// <summary>Its number in payloads.</summary>
    TransformId Id { get; }

    /// <summary>
    /// Whether it leaves bytes where they are and only touches what it recognises, so that it is applied wherever it does, without a trial.
    /// </summary>
    bool InPlace { get; }

    /// <summary>In how many ways it can be done; all are undone alike.</summary>
    int Ways => 1;

    /// <summary>Transforms the block, if it is of the kind that this transform is for.</summary>
    /// <param name="block">At least one byte.</param>
    /// <param name="output">Filled with what it became.</param>
    /// <param name="way">0 to <see cref="Ways"/> - 1.</param>
    /// <returns>False where it is not; the output is then undefined.</returns>
    bool TryForward(ReadOnlySpan<byte> block, TransformStreams output, int way);

    /// <summary>Restores a block.</summary>
    /// <param name="input">Parameters and streams as a payload holds them: nothing about them is certain but that they are there.</param>
    /// <param name="block">Filled exactly.</param>
    /// <exception cref="DwcpFormatException">They do not describe a block of this length.</exception>
    void Inverse(TransformStreams input, Span<byte> block);
}
