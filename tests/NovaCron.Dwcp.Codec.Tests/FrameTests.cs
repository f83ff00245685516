using System.IO.Compression;
using CsCheck;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class FrameTests
{
    private static DwcpEncoderOptions Small(DwcpLevel level, int threads = 1) => new() { Level = level, BlockLength = 20_000, Threads = threads };

    [Fact]
    public void Content_of_any_length_returns_as_it_was() =>
        Gen.Select(Gen.Int[0, SampleData.Kinds.Length - 1], Gen.Int[0, 130_000], Gen.Int[0, 100], Gen.Int[0, 2]).Sample(
            (kind, length, seed, level) =>
            {
                byte[] content = SampleData.Make(SampleData.Kinds[kind], length, seed);
                byte[] frame = DwcpEncoder.Encode(content, Small((DwcpLevel)level, 2));
                Assert.True(content.AsSpan().SequenceEqual(DwcpDecoder.Decode(frame)));
            },
            iter: 200);

    [Theory]
    [InlineData(DwcpLevel.Fast)]
    [InlineData(DwcpLevel.Balanced)]
    [InlineData(DwcpLevel.Dense)]
    [InlineData(DwcpLevel.Max)]
    public void The_number_of_threads_does_not_change_the_bytes(DwcpLevel level)
    {
        byte[] content = SampleData.Make("mixed", 150_000, 4);
        byte[] one = DwcpEncoder.Encode(content, Small(level, 1));
        Assert.Equal(one, DwcpEncoder.Encode(content, Small(level, 2)));
        Assert.Equal(one, DwcpEncoder.Encode(content, Small(level, 5)));
    }

    [Fact]
    public async Task A_stream_gives_what_a_span_gives_however_it_is_cut()
    {
        byte[] content = SampleData.Make("mixed", 100_000, 9);
        byte[] expected = DwcpEncoder.Encode(content, Small(DwcpLevel.Fast));
        DwcpEncoderOptions options = Small(DwcpLevel.Fast, 2) with { ContentLength = content.Length };

        var sync = new MemoryStream();
        using (var stream = new DwcpStream(sync, options, leaveOpen: true))
        {
            for (int at = 0; at < content.Length; at += 777)
            {
                stream.Write(content, at, Math.Min(777, content.Length - at));
            }
        }

        Assert.Equal(expected, sync.ToArray());
        var async = new MemoryStream();
        await using (var stream = new DwcpStream(async, options, leaveOpen: true))
        {
            await stream.WriteAsync(content, TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, async.ToArray());

        sync.Position = 0;
        using var reader = DwcpStream.Create(sync, CompressionMode.Decompress);
        var decoded = new MemoryStream();
        reader.CopyTo(decoded, 1234);
        Assert.Equal(content, decoded.ToArray());

        async.Position = 0;
        await using DwcpStream asyncReader = DwcpStream.Create(async, CompressionMode.Decompress);
        decoded.SetLength(0);
        await asyncReader.CopyToAsync(decoded, TestContext.Current.CancellationToken);
        Assert.Equal(content, decoded.ToArray());
    }

    [Fact]
    public void An_adaptive_stream_decodes_like_any_other()
    {
        byte[] content = SampleData.Make("log", 300_000, 2);
        var archive = new MemoryStream();
        using (var stream = new DwcpStream(archive, Small(DwcpLevel.Adaptive, 2), leaveOpen: true))
        {
            stream.Write(content);
        }

        Assert.Equal(content, DwcpDecoder.Decode(archive.ToArray()));
    }

    [Fact]
    public void One_flipped_bit_anywhere_is_detected()
    {
        byte[] content = SampleData.Make("log", 3_000, 2);
        byte[] frame = DwcpEncoder.Encode(content, new DwcpEncoderOptions { Level = DwcpLevel.Fast, BlockLength = 1024, Threads = 1 });
        var options = new DwcpDecoderOptions { Threads = 1 };
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            frame[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame, options));
            frame[bit >> 3] ^= (byte)(1 << (bit & 7));
        }
    }

    [Fact]
    public void A_frame_cut_anywhere_or_followed_by_anything_is_refused()
    {
        byte[] frame = DwcpEncoder.Encode(SampleData.Make("text", 3_000, 2), new DwcpEncoderOptions { Level = DwcpLevel.Fast, BlockLength = 1024 });
        for (int length = 0; length < frame.Length; length++)
        {
            Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame.AsSpan(0, length)));
            Assert.Throws<DwcpFormatException>(() => new DwcpStream(new MemoryStream(frame, 0, length), DwcpDecoderOptions.Default).CopyTo(Stream.Null));
        }

        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode([.. frame, 0]));
    }

    [Fact]
    public void Blocks_that_changed_places_are_refused()
    {
        byte[] content = [.. SampleData.Make("noise", 1024, 1), .. SampleData.Make("noise", 1024, 2)];
        byte[] frame = DwcpEncoder.Encode(content, new DwcpEncoderOptions { Level = DwcpLevel.Store, BlockLength = 1024, Threads = 1 });
        const int Piece = 40 + 1025;
        byte[] first = frame[32..(32 + Piece)];
        frame.AsSpan(32 + Piece, Piece).CopyTo(frame.AsSpan(32));
        first.CopyTo(frame, 32 + Piece);
        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame));
    }

    [Fact]
    public void The_callers_limits_hold_whatever_the_frame_says()
    {
        byte[] frame = DwcpEncoder.Encode(SampleData.Make("zeros", 10_000_000, 0), new DwcpEncoderOptions { Level = DwcpLevel.Fast });
        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame, new DwcpDecoderOptions { MemoryLimit = 1 << 20 }));
        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(frame, new DwcpDecoderOptions { MaxContentLength = 9_999_999 }));
        Assert.Equal(10_000_000, DwcpDecoder.Decode(frame, new DwcpDecoderOptions { MaxContentLength = 10_000_000, MemoryLimit = 40 << 20 }).Length);
    }

    [Fact]
    public void An_archive_is_read_from_anywhere_without_decoding_the_rest()
    {
        byte[] content = SampleData.Make("mixed", 95_000, 21);
        byte[] frame = DwcpEncoder.Encode(content, Small(DwcpLevel.Fast));
        frame[32 + 50] ^= 1; // block 0 is damaged; the others must not care
        using DwcpArchive archive = DwcpArchive.Open(new MemoryStream(frame));
        Assert.Equal(content.Length, archive.Length);
        Assert.Equal(5, archive.Blocks.Count);
        byte[] part = new byte[30_000];
        Assert.Equal(30_000, archive.Read(25_000, part));
        Assert.Equal(content[25_000..55_000], part);
        Assert.Equal(5_000, archive.Read(90_000, part));
        Assert.Equal(0, archive.Read(95_000, part));
        Assert.Throws<DwcpFormatException>(() => archive.Read(0, part));
    }

    [Fact]
    public void A_stream_whose_write_failed_leaves_no_frame_that_decodes()
    {
        var archive = new FailingStream(60_000);
        Assert.Throws<IOException>(() =>
        {
            using var stream = new DwcpStream(archive, Small(DwcpLevel.Store), leaveOpen: true);
            stream.Write(SampleData.Make("noise", 100_000, 1));
        });
        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(archive.ToArray()));
    }

    [Fact]
    public void A_stream_that_was_given_up_leaves_no_frame_that_decodes()
    {
        var archive = new MemoryStream();
        using (var stream = new DwcpStream(archive, Small(DwcpLevel.Fast), leaveOpen: true))
        {
            stream.Write(SampleData.Make("text", 50_000, 1));
            stream.Abort();
        }

        Assert.Throws<DwcpFormatException>(() => DwcpDecoder.Decode(archive.ToArray()));
    }

    [Fact]
    public void Announced_content_that_does_not_come_is_an_error_of_the_writer()
    {
        var stream = new DwcpStream(new MemoryStream(), Small(DwcpLevel.Fast) with { ContentLength = 10 });
        stream.Write([1, 2, 3]);
        Assert.Throws<InvalidOperationException>(stream.Dispose);
    }

    private sealed class FailingStream(int limit) : MemoryStream
    {
        // MemoryStream sends a derived type's spans through this overload.
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > limit)
            {
                throw new IOException("No space left on device");
            }

            base.Write(buffer, offset, count);
        }
    }
}
