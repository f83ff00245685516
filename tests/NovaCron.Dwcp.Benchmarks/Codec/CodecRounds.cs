namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>One codec on one member, in rounds in which every codec had its turn: what the machine does in a round it does to all of them.</summary>
/// <param name="Best">The best rounds' figures.</param>
/// <param name="EncodeSeconds">Of each round.</param>
/// <param name="DecodeSeconds">Of each round.</param>
internal sealed record CodecRounds(CodecResult Best, double[] EncodeSeconds, double[] DecodeSeconds)
{
    /// <summary>Our bytes by the peer's.</summary>
    public double Size(CodecRounds peer) => (double)Best.Encoded / peer.Best.Encoded;

    /// <summary>How many times as fast as the peer this compresses: the median of the rounds.</summary>
    public double Encode(CodecRounds peer) => Median(peer.EncodeSeconds, EncodeSeconds);

    /// <summary>How many times as fast as the peer this expands: the median of the rounds.</summary>
    public double Decode(CodecRounds peer) => Median(peer.DecodeSeconds, DecodeSeconds);

    /// <summary>Whether the peer is better in all three.</summary>
    public bool IsBeatenBy(CodecRounds peer) => Size(peer) > 1 && Encode(peer) < 1 && Decode(peer) < 1;

    private static double Median(double[] peer, double[] ours)
    {
        double[] factors = [.. peer.Zip(ours, (p, o) => p / o).Order()];
        return (factors[(factors.Length - 1) / 2] + factors[factors.Length / 2]) / 2;
    }
}
