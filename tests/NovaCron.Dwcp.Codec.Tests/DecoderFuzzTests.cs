namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>
/// A mutation loop over encoded blocks, bounded in number: no input may make the decoder throw anything but <see cref="DwcpFormatException"/>,
/// hang, or write outside its destination. DWCP_FUZZ_RUNS or DWCP_FUZZ_SECONDS make it run longer.
/// </summary>
public sealed class DecoderFuzzTests
{
    [Theory]
    [InlineData(DwcpLevel.Fast)]
    [InlineData(DwcpLevel.Balanced)]
    [InlineData(DwcpLevel.Dense)]
    [InlineData(DwcpLevel.Max)]
    public void A_damaged_block_is_refused_or_decodes_to_something_of_the_right_length(DwcpLevel level)
    {
        int most = int.Parse(Environment.GetEnvironmentVariable("DWCP_FUZZ_RUNS") ?? (level == DwcpLevel.Max ? "1000" : "12000"), System.Globalization.CultureInfo.InvariantCulture);
        int seed = Environment.GetEnvironmentVariable("DWCP_FUZZ_SEED") is { } s ? int.Parse(s, System.Globalization.CultureInfo.InvariantCulture) : 20240607;
        var random = new Random(seed + (int)level);
        byte[][] seeds = [.. SampleData.Kinds.Select((kind, i) => BlockCodecTests.Encode(SampleData.Make(kind, 3000 + 700 * i, i), level))];
        int[] lengths = [.. SampleData.Kinds.Select((_, i) => 3000 + 700 * i)];
        const int Guard = 256;
        byte[] destination = new byte[Guard * 2 + 20_000];
        int runs = 0, refused = 0;
        int seconds = int.Parse(Environment.GetEnvironmentVariable("DWCP_FUZZ_SECONDS") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (runs < most || System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            int pick = random.Next(seeds.Length);
            byte[] payload = Mutate(seeds[pick], random);
            int length = random.Next(8) == 0 ? random.Next(1, 20_000) : lengths[pick];
            destination.AsSpan().Fill(0xEE);
            try
            {
                BlockCodec.Decode(payload, destination.AsSpan(Guard, length));
            }
            catch (DwcpFormatException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, run {runs}: {e}");
            }

            Assert.True(destination.AsSpan(0, Guard).IndexOfAnyExcept((byte)0xEE) < 0, $"Seed {seed}, run {runs}: wrote before the destination.");
            Assert.True(destination.AsSpan(Guard + length, Guard).IndexOfAnyExcept((byte)0xEE) < 0, $"Seed {seed}, run {runs}: wrote behind the destination.");
            runs++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{level}: {runs} inputs, {refused} refused, seed {seed}");
        Assert.True(refused > 0, $"{runs} inputs, {refused} refused: the loop did not exercise the decoder.");
    }

    internal static byte[] Mutate(byte[] original, Random random)
    {
        byte[] payload = [.. original];
        for (int n = random.Next(1, 5); n > 0 && payload.Length > 1; n--)
        {
            int at = random.Next(3) == 0 ? random.Next(Math.Min(payload.Length, 40)) : random.Next(payload.Length);
            switch (random.Next(6))
            {
                case 0: payload[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: payload[at] = (byte)random.Next(256); break;
                case 2: payload[at] = random.Next(2) == 0 ? (byte)0 : (byte)255; break;
                case 3: payload = payload[..Math.Max(1, at)]; break;
                case 4: payload = [.. payload[..at], .. original[random.Next(original.Length)..]]; break;
                default:
                    int length = Math.Min(random.Next(1, 9), payload.Length - at);
                    payload.AsSpan(random.Next(payload.Length - length + 1), length).CopyTo(payload.AsSpan(at));
                    break;
            }
        }

        return payload;
    }
}
