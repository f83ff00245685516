using System.IO.Compression;
using CsCheck;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class WindowTests
{
    private const int Block = 16 * 1024;

    private static DwcpEncoderOptions Windowed(DwcpLevel level, int threads = 1, int window = 1 << 18) =>
        new() { Level = level, BlockLength = Block, WindowLength = window, Threads = threads };

    /// <summary>Pieces of a few hundred bytes to some blocks, new or seen before, with single bytes changed.</summary>
    private static byte[] Repeating(int length, int seed)
    {
        var random = new Random(seed);
        byte[] data = new byte[length];
        for (int at = 0; at < length;)
        {
            int count = Math.Min(length - at, random.Next(100, 30_000));
            if (at > 0 && random.Next(3) > 0)
            {
                int from = random.Next(at);
                count = Math.Min(count, at - from);
                data.AsSpan(from, count).CopyTo(data.AsSpan(at));
                if (random.Next(3) == 0)
                {
                    data[at + random.Next(count)] ^= 0x55;
                }
            }
            else
            {
                SampleData.Make(SampleData.Kinds[random.Next(SampleData.Kinds.Length)], count, random.Next()).CopyTo(data, at);
            }

            at += count;
        }

        return data;
    }

    [Fact]
    public void Content_of_any_length_returns_as_it_was() =>
        Gen.Select(Gen.Int[0, 700_000], Gen.Int[0, 1000], Gen.Int[0, 2], Gen.Int[15, 19]).Sample(
            (length, seed, level, bits) =>
            {
                byte[] content = Repeating(length, seed);
                byte[] frame = DwcpEncoder.Encode(content, Windowed((DwcpLevel)level, 2, 1 << bits));
                Assert.True(content.AsSpan().SequenceEqual(DwcpDecoder.Decode(frame, new DwcpDecoderOptions { Threads = 1 + seed % 3 })));
            },
            iter: 40);

    [Theory]
    [InlineData(DwcpLevel.Store)]
    [InlineData(DwcpLevel.Fast)]
    [InlineData(DwcpLevel.Balanced)]
    [InlineData(DwcpLevel.Dense)]
    [InlineData(DwcpLevel.Max)]
    public async Task The_number_of_threads_does_not_change_the_bytes_and_a_stream_gives_what_a_span_gives(DwcpLevel level)
    {
        byte[] content = Repeating(150_000, 4);
        byte[] one = DwcpEncoder.Encode(content, Windowed(level, 1));
        Assert.Equal(one, DwcpEncoder.Encode(content, Windowed(level, 2)));
        Assert.Equal(one, DwcpEncoder.Encode(content, Windowed(level, 7)));

        var archive = new MemoryStream();
        await using (var stream = new DwcpStream(archive, Windowed(level, 3) with { ContentLength = content.Length }, leaveOpen: true))
        {
            await stream.WriteAsync(content, TestContext.Current.CancellationToken);
        }

        Assert.Equal(one, archive.ToArray());
        archive.Position = 0;
        var decoded = new MemoryStream();
        await using DwcpStream reader = DwcpStream.Create(archive, CompressionMode.Decompress);
        await reader.CopyToAsync(decoded, TestContext.Current.CancellationToken);
        Assert.Equal(content, decoded.ToArray());
        decoded.SetLength(0);
        new DwcpStream(new MemoryStream(one), new DwcpDecoderOptions { Threads = 2 }).CopyTo(decoded);
        Assert.Equal(content, decoded.ToArray());
    }

    [Theory]
    [InlineData(DwcpLevel.Store)]
    [InlineData(DwcpLevel.Fast)]
    [InlineData(DwcpLevel.Dense)]
    public void What_was_seen_in_the_window_costs_next_to_nothing_wherever_it_comes_again(DwcpLevel level)
    {
        byte[] noise = SampleData.Make("noise", 200_000, 1);
        byte[] content = [.. noise, .. SampleData.Make("noise", 333, 2), .. noise];
        int independent = DwcpEncoder.Encode(content, Windowed(level) with { WindowLength = 0 }).Length;
        int windowed = DwcpEncoder.Encode(content, Windowed(level, window: 1 << 19)).Length;
        int restarted = DwcpEncoder.Encode(content, Windowed(level, window: 1 << 17)).Length;
        Assert.InRange(windowed, noise.Length, noise.Length + 6_000);
        Assert.InRange(independent, content.Length, content.Length + 3_000);
        Assert.InRange(restarted, content.Length, content.Length + 3_000);
    }

    [Fact]
    public void A_duplicate_of_a_duplicate_refers_to_the_first()
    {
        byte[] noise = SampleData.Make("noise", 3 * Block, 1);
        byte[] content = [.. noise, .. noise, .. noise, .. noise];
        byte[] frame = DwcpEncoder.Encode(content, Windowed(DwcpLevel.Fast));
        using DwcpArchive archive = DwcpArchive.Open(new MemoryStream(frame));
        Assert.Equal(1 << 18, archive.WindowLength);
        Assert.Equal([0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9], archive.Blocks.Select(b => b.Reach));
        Assert.Equal(content, DwcpDecoder.Decode(frame));
    }

    [Fact]
    public void An_archive_is_read_from_anywhere_with_only_the_blocks_that_are_named()
    {
        byte[] content = Repeating(600_000, 21);
        byte[] frame = DwcpEncoder.Encode(content, Windowed(DwcpLevel.Fast));
        using DwcpArchive archive = DwcpArchive.Open(new MemoryStream(frame));
        Assert.Contains(archive.Blocks, b => b.Reach > 0);
        byte[] part = new byte[50_000];
        var random = new Random(5);
        for (int i = 0; i < 60; i++)
        {
            int from = random.Next(content.Length - part.Length);
            Assert.Equal(part.Length, archive.Read(from, part));
            Assert.True(part.AsSpan().SequenceEqual(content.AsSpan(from, part.Length)));
        }

        // Blocks that stand alone do not care about the damage of others.
        DwcpArchiveBlock damaged = archive.Blocks[0];
        frame[damaged.ArchiveOffset + 50] ^= 1;
        using DwcpArchive again = DwcpArchive.Open(new MemoryStream(frame));
        int alone = archive.Blocks.Select((b, i) => (b, i)).First(x => x.i > 0 && x.b.Reach == 0).i;
        Assert.Equal(1000, again.Read(archive.Blocks[alone].ContentOffset, part.AsSpan(0, 1000)));
        Assert.Throws<DwcpFormatException>(() => again.Read(0, part));
    }

    [Fact]
    public void A_window_above_the_callers_limit_is_refused_and_the_error_says_what_to_set()
    {
        byte[] content = SampleData.Make("noise", 3_000_000, 0);
        byte[] frame = DwcpEncoder.Encode(content, new DwcpEncoderOptions { Level = DwcpLevel.Store, BlockLength = 1 << 20, WindowLength = 1 << 30 });

        // The window's length is what is announced, not what a header may wish for.
        Assert.Equal(content, DwcpDecoder.Decode(frame, new DwcpDecoderOptions { MemoryLimit = 40 << 20 }));
        var unknown = new MemoryStream();
        using (var stream = new DwcpStream(unknown, new DwcpEncoderOptions { Level = DwcpLevel.Store, BlockLength = 1 << 20, WindowLength = 1 << 30 }, leaveOpen: true))
        {
            stream.Write(content);
        }

        string error = Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(unknown.ToArray())).Message;
        Assert.Contains("MemoryLimit", error, StringComparison.Ordinal);
        Assert.Contains("1073741824", error, StringComparison.Ordinal);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(unknown.ToArray().AsSpan(0, 100)));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8_000_000, "A refused window was allocated.");
        Assert.Equal(content, DwcpDecoder.Decode(unknown.ToArray(), new DwcpDecoderOptions { MemoryLimit = 2L << 30 }));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(2048)]
    [InlineData(16 * 1024)]
    public void A_window_that_is_no_window_is_an_error_of_the_caller(int window)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => DwcpEncoder.Encode(new byte[100_000], Windowed(DwcpLevel.Fast, window: window)));
        Assert.Equal("WindowLength", error.ParamName);
    }

    [Fact]
    public void One_flipped_bit_anywhere_is_detected()
    {
        byte[] noise = SampleData.Make("noise", 1024, 2);
        byte[] content = [.. noise, .. SampleData.Make("log", 700, 2), .. noise];
        byte[] frame = DwcpEncoder.Encode(content, new DwcpEncoderOptions { Level = DwcpLevel.Fast, BlockLength = 1024, WindowLength = 4096, Threads = 1 });
        Assert.InRange(frame.Length, 1500, 2200);
        var options = new DwcpDecoderOptions { Threads = 1 };
        Assert.Equal(content, DwcpDecoder.Decode(frame, options));
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            frame[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame, options));
            frame[bit >> 3] ^= (byte)(1 << (bit & 7));
        }
    }
}
