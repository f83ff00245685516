using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class DictionaryTests
{
    private static readonly DwcpDictionary Shared = DwcpDictionary.Train(Samples(400, 1), 16 * 1024);

    /// <summary>Records as services write them: the same keys, few values, some numbers.</summary>
    private static List<ReadOnlyMemory<byte>> Samples(int count, int seed)
    {
        var random = new Random(seed);
        var samples = new List<ReadOnlyMemory<byte>>();
        string[] states = ["opened", "committed", "refused", "resumed"];
        for (int i = 0; i < count; i++)
        {
            var text = new StringBuilder();
            text.Append(
                CultureInfo.InvariantCulture,
                $"{{\"time\":{1_700_000_000_000 + random.Next()},\"level\":\"info\",\"pod\":\"dwcp-v3-{random.Next(16):x}\",\"session\":\"{random.NextInt64():x16}\",\"state\":\"{states[random.Next(4)]}\",");
            text.Append(CultureInfo.InvariantCulture, $"\"bytes\":{random.Next(1 << 20)},\"labels\":{{\"app\":\"dwcp-v3\",\"zone\":\"eu-{random.Next(3)}\"}}");
            if (random.Next(3) == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $",\"error\":\"the store answered after {random.Next(1000)} ms\"");
            }

            samples.Add(Encoding.UTF8.GetBytes(text.Append('}').ToString()));
        }

        return samples;
    }

    [Fact]
    public void Small_payloads_take_much_less_than_they_take_alone()
    {
        long with = 0, alone = 0;
        byte[] encoded = new byte[4096];
        foreach (ReadOnlyMemory<byte> payload in Samples(50, 2))
        {
            byte[] frame = Shared.Encode(payload.Span);
            Assert.True(Shared.Decode(frame).AsSpan().SequenceEqual(payload.Span));
            with += frame.Length;
            alone += BlockCodec.Encode(payload.Span, encoded, DwcpLevel.Max);
        }

        Assert.True(with * 4 < alone * 3, $"{with} bytes with, {alone} without.");
    }

    [Fact]
    public void Any_payload_returns_as_it_was()
    {
        foreach (string kind in SampleData.Kinds)
        {
            foreach (int length in (int[])[0, 1, 2, 3, 7, 8, 300, 5000, 65_536, 65_537, DwcpDictionary.MaxPayloadLength])
            {
                byte[] payload = SampleData.Make(kind, length, 3);
                byte[] frame = Shared.Encode(payload);
                Assert.InRange(frame.Length, 1, DwcpDictionary.MaxEncodedLength(length));
                Assert.True(payload.AsSpan().SequenceEqual(Shared.Decode(frame)), $"{kind} {length}");
            }
        }
    }

    [Fact]
    public void Training_is_the_same_every_time_and_the_file_returns_the_dictionary()
    {
        DwcpDictionary again = DwcpDictionary.Train(Samples(400, 1), 16 * 1024);
        Assert.Equal(Shared.ToArray(), again.ToArray());
        Assert.NotEqual(0u, Shared.Id);
        DwcpDictionary loaded = DwcpDictionary.Load(Shared.ToArray());
        Assert.Equal(Shared.Id, loaded.Id);
        byte[] payload = Samples(1, 9)[0].ToArray();
        Assert.Equal(Shared.Encode(payload), loaded.Encode(payload));
        Assert.InRange(Shared.ContentLength, 8 * 1024, 16 * 1024);
        Assert.NotEqual(Shared.Id, DwcpDictionary.Train(Samples(400, 5), 16 * 1024).Id);
    }

    [Fact]
    public void Binary_records_have_dictionaries_too()
    {
        List<ReadOnlyMemory<byte>> records = [.. Enumerable.Range(0, 200).Select(i => (ReadOnlyMemory<byte>)SampleData.Make("telemetry", 256, i))];
        DwcpDictionary dictionary = DwcpDictionary.Train(records, 8192);
        byte[] payload = SampleData.Make("telemetry", 256, 999);
        byte[] frame = dictionary.Encode(payload);
        Assert.Equal(payload, dictionary.Decode(frame));
        Assert.InRange(frame.Length, 1, payload.Length);
    }

    [Fact]
    public void Too_few_samples_are_an_error_that_says_how_to_give_more()
    {
        string error = Assert.Throws<ArgumentException>(() => DwcpDictionary.Train(Samples(7, 1))).Message;
        Assert.Contains("--lines", error, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => DwcpDictionary.Train(Samples(20, 1), 100));
    }

    [Fact]
    public void A_frame_names_its_dictionary_and_is_refused_without_it_or_with_another()
    {
        byte[] content = [.. Samples(3, 4).SelectMany(s => s.ToArray())];
        var options = new DwcpEncoderOptions { Level = DwcpLevel.Dense, Dictionary = Shared };
        byte[] frame = DwcpEncoder.Encode(content, options);
        int alone = DwcpEncoder.Encode(content, options with { Dictionary = null }).Length;
        Assert.True(frame.Length + 50 < alone, $"{frame.Length} bytes with, {alone} without.");
        Assert.Equal(content, DwcpDecoder.Decode(frame, new DwcpDecoderOptions { Dictionary = Shared }));
        string missing = Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame)).Message;
        Assert.Contains($"{Shared.Id:x8}", missing, StringComparison.Ordinal);
        DwcpDictionary other = DwcpDictionary.Train(Samples(40, 8), 4096);
        string wrong = Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame, new DwcpDecoderOptions { Dictionary = other })).Message;
        Assert.Contains($"{Shared.Id:x8}", wrong, StringComparison.Ordinal);
        Assert.Contains($"{other.Id:x8}", wrong, StringComparison.Ordinal);
        Assert.Throws<DwcpFormatException>(() => other.Decode(Shared.Encode(content)));

        using DwcpArchive archive = DwcpArchive.Open(new MemoryStream(frame));
        Assert.Equal(Shared.Id, archive.DictionaryId);
        byte[] part = new byte[100];
        Assert.Throws<DwcpFormatException>(() => archive.Read(0, part));
        using DwcpArchive readable = DwcpArchive.Open(new MemoryStream(frame), new DwcpDecoderOptions { Dictionary = Shared });
        Assert.Equal(100, readable.Read(50, part));
        Assert.Equal(content[50..150], part);
    }

    [Fact]
    public void A_dictionary_goes_with_windows_and_any_number_of_threads()
    {
        byte[] content = [.. Samples(300, 4).SelectMany(s => s.ToArray())];
        var options = new DwcpEncoderOptions { Level = DwcpLevel.Fast, Dictionary = Shared, BlockLength = 8192, WindowLength = 1 << 16, Threads = 1 };
        byte[] frame = DwcpEncoder.Encode(content, options);
        Assert.Equal(frame, DwcpEncoder.Encode(content, options with { Threads = 5 }));
        Assert.Equal(content, DwcpDecoder.Decode(frame, new DwcpDecoderOptions { Dictionary = Shared, Threads = 3 }));
    }

    [Fact]
    public void One_flipped_bit_anywhere_in_a_compact_frame_is_detected()
    {
        byte[] frame = Shared.Encode(Samples(1, 4)[0].Span);
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            frame[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.Throws<DwcpFormatException>(() => Shared.Decode(frame));
            frame[bit >> 3] ^= (byte)(1 << (bit & 7));
        }

        Assert.Throws<DwcpFormatException>(() => Shared.Decode(frame, 10));
        for (int length = 0; length < frame.Length; length++)
        {
            Assert.Throws<DwcpFormatException>(() => Shared.Decode(frame.AsSpan(0, length)));
        }
    }

    [Fact]
    public void A_damaged_dictionary_is_refused()
    {
        byte[] file = Shared.ToArray();
        var random = new Random(5);
        for (int run = 0; run < 200; run++)
        {
            int bit = run < 24 * 8 ? run : random.Next(file.Length * 8);
            file[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.Throws<DwcpFormatException>(() => DwcpDictionary.Load(file));
            file[bit >> 3] ^= (byte)(1 << (bit & 7));
        }

        Assert.Throws<DwcpFormatException>(() => DwcpDictionary.Load(file.AsSpan(0, file.Length - 1)));
        Assert.Throws<DwcpFormatException>(() => DwcpDictionary.Load(ReadOnlySpan<byte>.Empty));
    }
}
