using System.Globalization;
using System.Text;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>A steady stream of blocks allocates nothing. Alone, because workspaces are shared: a test beside it may hold the one that would have been idle.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    [Fact]
    public void Blocks()
    {
        byte[] content = SampleData.Make("log", 20_000, 3);
        byte[] encoded = new byte[BlockCodec.MaxEncodedLength(content.Length)];
        byte[] decoded = new byte[content.Length];
        foreach (DwcpLevel level in (DwcpLevel[])[DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max])
        {
            for (int i = 0; i < 3; i++)
            {
                BlockCodec.Decode(encoded.AsSpan(0, BlockCodec.Encode(content, encoded, level)), decoded);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++)
            {
                BlockCodec.Decode(encoded.AsSpan(0, BlockCodec.Encode(content, encoded, level)), decoded);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Theory]
    [InlineData(0, DwcpLevel.Fast)]
    [InlineData(1 << 14, DwcpLevel.Fast)]
    [InlineData(0, DwcpLevel.Dense)]
    [InlineData(1 << 14, DwcpLevel.Dense)]
    public void Frames(int window, DwcpLevel level)
    {
        // Each block comes twice, so that half of those in a window are references.
        byte[] once = SampleData.Make("log", 4096, 3);
        byte[] content = [.. once, .. once, .. SampleData.Make("text", 4096, 4), .. once];
        var encoder = new FrameEncoder(new DwcpEncoderOptions { Level = level, BlockLength = 4096, WindowLength = window, Threads = 1 });
        var archive = new MemoryStream(1 << 20);
        byte[] head = new byte[FrameHeader.Size];
        encoder.WriteHeader(head);
        archive.Write(head);
        long before = 0;
        for (int group = 0; group < 15; group++)
        {
            if (group == 4)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            for (int at = 0; at < content.Length;)
            {
                at += encoder.Fill(content.AsSpan(at));
                if (encoder.MustTake)
                {
                    BlockJob job = encoder.Take();
                    archive.Write(job.Result.Span);
                    encoder.Release(job);
                }
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        archive.Write(encoder.Finish());

        archive.Position = 0;
        var stream = new DwcpStream(archive, new DwcpDecoderOptions { Threads = 1 });
        byte[] block = new byte[4096];
        for (int i = 0; i < 60; i++)
        {
            if (i == 16)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            stream.ReadExactly(block);
            Assert.True(block.AsSpan().SequenceEqual(content.AsSpan(i % 4 * 4096, 4096)));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Payloads_behind_a_dictionary()
    {
        List<ReadOnlyMemory<byte>> samples = [.. Enumerable.Range(0, 50).Select(i => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"pod-{i % 7} moved {i * 7919} bytes in {i * 31 % 17} ms")))];
        DwcpDictionary dictionary = DwcpDictionary.Train(samples, 1024);
        byte[] encoded = new byte[DwcpDictionary.MaxEncodedLength(samples[0].Length)];
        dictionary.Encode(samples[0].Span, encoded);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            dictionary.Encode(samples[0].Span, encoded);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
