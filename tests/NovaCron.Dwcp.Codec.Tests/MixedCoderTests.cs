using NovaCron.Dwcp.Codec.Dictionary.Coding;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>The mixed coding where its runs begin, end, overlap themselves and meet the block's end.</summary>
public sealed class MixedCoderTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 50)]
    [InlineData(7, 33)]
    [InlineData(16, 17)]
    [InlineData(40, 100)]
    [InlineData(333, 1000)]
    public void What_repeats_at_any_distance_with_changes_comes_back(int period, int change)
    {
        var coder = new MixedCoder();
        var random = new Random(period);
        foreach (bool text in (bool[])[false, true])
        {
            for (int length = 1; length < 3000; length = length * 3 / 2 + 1)
            {
                byte[] block = new byte[length];
                for (int i = 0; i < length; i++)
                {
                    bool changed = i < period || change > 0 && random.Next(change) == 0;
                    block[i] = changed ? (byte)(text ? 'a' + random.Next(26) : random.Next(256)) : block[i - period];
                }

                byte[] encoded = new byte[length + 100];
                int written = coder.Encode(block, encoded);
                byte[] decoded = new byte[length];
                coder.Decode(encoded.AsSpan(0, written), decoded, TextDetector.IsText(block));
                Assert.Equal(block, decoded);
            }
        }
    }

    [Fact]
    public void Runs_cost_next_to_nothing()
    {
        byte[] once = new byte[5000];
        new Random(1).NextBytes(once);
        byte[] block = [.. once, .. once, .. once, .. once];
        byte[] encoded = new byte[block.Length];
        Assert.InRange(new MixedCoder().Encode(block, encoded), 5000, 5400);
    }

    [Theory]
    [InlineData((byte)4)]
    [InlineData((byte)5)]
    public void The_earlier_mixed_methods_are_refused(byte method) =>
        Assert.Throws<DwcpFormatException>(() => BlockCodec.Decode([method, 1, 2, 3], new byte[10]));
}
