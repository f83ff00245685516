using CsCheck;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class BlockCodecTests
{
    public static TheoryData<DwcpLevel> Levels => [DwcpLevel.Store, DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Every_kind_of_data_returns_as_it_was(DwcpLevel level)
    {
        int longest = level == DwcpLevel.Max ? 40_000 : 400_000;
        Gen.Select(Gen.Int[0, SampleData.Kinds.Length - 1].Select(i => SampleData.Kinds[i]), Gen.Frequency((3, Gen.Int[1, 300]), (2, Gen.Int[1, longest])), Gen.Int[0, 1000]).Sample(
            (kind, length, seed) => RoundTrip(SampleData.Make(kind, length, seed), level),
            iter: level >= DwcpLevel.Dense ? 150 : 400);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Lengths_around_the_borders_of_segments_return_as_they_were(DwcpLevel level)
    {
        foreach (int length in (int[])[1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 131071, 131072, 131073, 262143, 262144, 262145])
        {
            RoundTrip(SampleData.Make("mixed", length, length), level);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void The_same_block_gives_the_same_bytes_whatever_was_coded_before_it(DwcpLevel level)
    {
        foreach (int length in (int[])[40, 700, 20_000, 150_000])
        {
            // Tables of several sizes, and the first positions of a block: what lies in them from before must not count.
            byte[] block = SampleData.Make("mixed", length, 11);
            byte[] first = Encode(block, level);
            foreach (string kind in SampleData.Kinds)
            {
                Encode(SampleData.Make(kind, 90_000, 5), level);
                Assert.Equal(first, Encode(block, level));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Noise_grows_by_a_byte_at_most(DwcpLevel level) =>
        Assert.InRange(Encode(SampleData.Make("noise", 300_000, 3), level).Length, 1, 300_001);

    [Fact]
    public void An_adaptive_block_takes_a_level_of_the_table()
    {
        byte[] block = SampleData.Make("log", 100_000, 1);
        RoundTrip(block, DwcpLevel.Adaptive);
        Assert.InRange(Encode(block, DwcpLevel.Adaptive).Length, 1, 50_000);
    }

    internal static byte[] Encode(byte[] block, DwcpLevel level)
    {
        byte[] encoded = new byte[BlockCodec.MaxEncodedLength(block.Length)];
        return encoded[..BlockCodec.Encode(block, encoded, level)];
    }

    private static void RoundTrip(byte[] block, DwcpLevel level)
    {
        byte[] encoded = Encode(block, level);
        byte[] decoded = new byte[block.Length];
        decoded.AsSpan().Fill(0xCC);
        BlockCodec.Decode(encoded, decoded);
        Assert.True(block.AsSpan().SequenceEqual(decoded), "A block did not return as it was.");
    }
}
