namespace NovaCron.Dwcp.Codec.Entropy.Mixing;

/// <summary>One side of a binary arithmetic coder, so that one body of code predicts for both sides and they cannot disagree.</summary>
internal interface IBinaryCoder
{
    /// <summary>Codes one bit.</summary>
    /// <param name="bit">The bit, on the encoder's side; ignored on the decoder's.</param>
    /// <param name="one">The probability that it is 1, out of 2^16, 1 to 65535.</param>
    /// <returns>The bit.</returns>
    int Code(int bit, int one);
}
