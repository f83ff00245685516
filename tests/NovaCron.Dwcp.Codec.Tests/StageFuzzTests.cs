using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Dictionary.References;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Frames;
using NovaCron.Dwcp.Codec.Transforms;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>
/// A mutation loop over every stage that reads outside bytes, each entered directly, so that no checksum before it hides it: no input may make it throw
/// anything but <see cref="DwcpFormatException"/>, allocate more than its caller's limit, or hang. DWCP_FUZZ_SECONDS makes each loop run so long
/// (a second or less by default), DWCP_FUZZ_SEED begins elsewhere.
/// </summary>
public sealed class StageFuzzTests
{
    private const long MemoryLimit = 48L << 20;
    private static readonly int Seconds = int.Parse(Environment.GetEnvironmentVariable("DWCP_FUZZ_SECONDS") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("DWCP_FUZZ_SEED") ?? "20240607", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly DwcpDecoderOptions Limits = new() { MemoryLimit = MemoryLimit, Threads = 1, MaxContentLength = 1 << 20 };

    public static TheoryData<string, DwcpLevel> Frames
    {
        get
        {
            var frames = new TheoryData<string, DwcpLevel>();
            foreach (string shape in (string[])["independent", "windowed", "dictionary"])
            {
                foreach (DwcpLevel level in (DwcpLevel[])[DwcpLevel.Store, DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense])
                {
                    frames.Add(shape, level);
                }
            }

            return frames;
        }
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void Frames_with_their_checksums_made_right(string shape, DwcpLevel level)
    {
        DwcpDictionary dictionary = Trained();
        var options = new DwcpEncoderOptions
        {
            Level = level, BlockLength = 4096, Threads = 1, WindowLength = shape == "windowed" ? 1 << 15 : 0, Dictionary = shape == "dictionary" ? dictionary : null,
        };
        byte[][] frames = [.. new[] { "log", "mixed", "telemetry" }.Select((kind, i) => DwcpEncoder.Encode(Twice(kind, 9000, i), options))];
        DwcpDecoderOptions limits = Limits with { Dictionary = dictionary };
        Loop(frames, 400, (input, random) =>
        {
            // Half of the inputs reach what the checksums guard.
            if (random.Next(2) == 0)
            {
                Repair(input);
            }

            DwcpDecoder.Decode(input, limits);
        });
    }

    [Fact]
    public void Archives_read_at_random()
    {
        byte[][] frames = [.. new[] { "log", "mixed" }.Select((kind, i) => DwcpEncoder.Encode(
            Twice(kind, 20_000, i), new DwcpEncoderOptions { Level = DwcpLevel.Fast, BlockLength = 4096, WindowLength = 1 << 15, Threads = 1 }))];
        byte[] part = new byte[3000];
        Loop(frames, 400, (input, random) =>
        {
            if (random.Next(2) == 0)
            {
                Repair(input);
            }

            using DwcpArchive archive = DwcpArchive.Open(new MemoryStream(input), Limits);
            archive.Read(random.Next(30_000), part);
        });
    }

    [Theory]
    [InlineData(DwcpLevel.Fast)]
    [InlineData(DwcpLevel.Dense)]
    public void References(DwcpLevel level)
    {
        var list = new ReferenceList();
        list.Add(new Reference(100, 500, 0, 1000));
        list.Add(new Reference(2000, 1096, 1, 3000));
        list.Add(new Reference(3096, 32, 0, 7));
        byte[] block = SampleData.Make("text", 4096, 1);
        byte[] encoded = new byte[BlockCodec.MaxEncodedLength(block.Length)];
        byte[] scratch = [];
        int length = ReferenceCoding.Encode(block, list, 4096, encoded, level, ref scratch);
        var decoded = new ReferenceList();
        byte[] content = new byte[4096];
        ReferenceCoding.Decode(encoded.AsSpan(1, length - 1), content, 2, 4096, decoded, ref scratch);
        Assert.Equal([list[0], list[1], list[2]], [decoded[0], decoded[1], decoded[2]]);
        Assert.Equal(block[..100], content[..100]);
        Assert.Equal(block[3128..], content[3128..]);

        var history = new GroupHistory();
        history.Add(SampleData.Make("noise", 4096, 2), new ReferenceList());
        history.Add(SampleData.Make("noise", 4096, 3), list);
        Loop([encoded[1..length]], 3000, (input, random) =>
        {
            ReferenceCoding.Decode(input, content, 2, 4096, decoded, ref scratch);
            history.Resolve(decoded, content);
        });
    }

    [Fact]
    public void References_have_depth_one()
    {
        var list = new ReferenceList();
        list.Add(new Reference(1000, 500, 0, 0));
        byte[] block = new byte[4096];
        var inside = new Reference(0, 100, 1, 1100);
        Assert.Throws<DwcpFormatException>(() => GroupHistory.Copy(inside, block, list, block));
        Assert.Throws<DwcpFormatException>(() => GroupHistory.Copy(inside with { Offset = 950 }, block, list, block));
        Assert.Throws<DwcpFormatException>(() => GroupHistory.Copy(inside with { Offset = 4000 }, block, list, block));
        GroupHistory.Copy(inside with { Offset = 900 }, block, list, block);
        GroupHistory.Copy(inside with { Offset = 1500 }, block, list, block);
    }

    [Fact]
    public void Differences()
    {
        byte[] old = SampleData.Make("mixed", 60_000, 1);
        byte[] changed = [.. old.AsSpan(0, 20_000), 1, 2, 3, .. old.AsSpan(25_000)];
        var fingerprints = new List<ulong>();
        ChunkDifference.Describe(old, 7, fingerprints);
        var coding = new ChunkDifference();
        byte[] encoded = new byte[BlockCodec.MaxEncodedLength(changed.Length)];
        int length = coding.Encode(changed, new SimilarChunk(7, [.. fingerprints]), encoded, DwcpLevel.Fast);
        byte[] decoded = new byte[changed.Length];
        coding.Decode(encoded.AsSpan(0, length), old, decoded);
        Assert.Equal(changed, decoded);
        Loop([encoded[..length]], 3000, (input, random) =>
            coding.Decode(input, old.AsSpan(0, random.Next(4) == 0 ? random.Next(old.Length) : old.Length), decoded.AsSpan(0, random.Next(4) == 0 ? random.Next(decoded.Length) : decoded.Length)));
    }

    [Fact]
    public void Dictionaries()
    {
        byte[] file = Trained().ToArray();
        Loop([file], 150, (input, random) =>
        {
            if (input.Length > 40 && random.Next(4) > 0)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(8), Math.Max(1, (uint)XxHash3.HashToUInt64(input.AsSpan(12, input.Length - 20))));
                BinaryPrimitives.WriteUInt64LittleEndian(input.AsSpan(input.Length - 8), XxHash3.HashToUInt64(input.AsSpan(0, input.Length - 8)));
            }

            DwcpDictionary.Load(input);
        });
    }

    [Fact]
    public void Compact_frames()
    {
        DwcpDictionary dictionary = Trained();
        Loop([dictionary.Encode(SampleData.Make("log", 2000, 3)), dictionary.Encode(SampleData.Make("noise", 100, 3))], 1500, (input, _) => dictionary.Decode(input));
    }

    [Fact]
    public void Entropy_streams()
    {
        byte[][] streams = [.. SampleData.Kinds.Select((kind, i) => Stream(SampleData.Make(kind, 5000, i)))];
        byte[] symbols = new byte[1 << 17];
        Loop(streams, 6000, (input, random) =>
        {
            ReadOnlySpan<byte> source = input;
            StreamCoder.Decode(ref source, symbols.AsSpan(0, random.Next(symbols.Length)));
        });
    }

    [Fact]
    public void Segments_of_commands_and_nibbles()
    {
        BlockWorkspace workspace = BlockWorkspace.Rent();
        var commands = new CommandDecoder();
        var nibbles = new NibbleDecoder();
        byte[] block = new byte[1 << 16];
        foreach (DwcpLevel level in (DwcpLevel[])[DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense])
        {
            // A plain block is segments: kind, length, body. The bodies are entered directly.
            byte[][] bodies = [.. new[] { "text", "log", "records", "skewed" }.Select((kind, i) =>
            {
                byte[] encoded = new byte[20_001];
                int length = BlockCodec.EncodePlain(workspace, SampleData.Make(kind, 20_000, i), encoded, level);
                ReadOnlySpan<byte> rest = encoded.AsSpan(2, length - 2);
                Bytes.ReadVarint(ref rest);
                return rest.ToArray();
            })];
            Loop(bodies, 2500, (input, random) =>
            {
                ReadOnlySpan<byte> source = input;
                RecentOffsets recent = RecentOffsets.Initial;
                int start = random.Next(30_000);
                int length = random.Next(2) == 0 ? 20_000 : random.Next(1, 30_000);
                if (level == DwcpLevel.Dense)
                {
                    nibbles.Begin();
                    nibbles.Decode(ref source, block, start, length, random.Next(2) == 0, ref recent);
                }
                else
                {
                    commands.Decode(ref source, block, start, length, ref recent);
                }
            });
        }

        BlockWorkspace.Return(workspace);
    }

    [Fact]
    public void Mixed_coding()
    {
        var coder = new MixedCoder();
        byte[] encoded = new byte[6000];
        byte[] block = new byte[6000];
        int length = coder.Encode(SampleData.Make("log", 6000, 1), encoded);
        Loop([encoded[..length]], 60, (input, random) => coder.Decode(input, block.AsSpan(0, random.Next(1, 6000)), random.Next(2) == 0));
    }

    [Theory]
    [InlineData("records", "telemetry")]
    [InlineData("lines", "metrics")]
    [InlineData("branches", "x86")]
    public void Transforms(string name, string kind)
    {
        var registry = new TransformRegistry();
        var made = new TransformStreams();
        byte[] block = SampleData.Make(kind, 70_000, 3);
        ITransform transform = registry.All.Single(t => t.Id.ToString().Equals(name, StringComparison.OrdinalIgnoreCase));
        Assert.True(transform.TryForward(block, made, 0));
        byte[][] parts = [made.Parameters.ToArray(), .. Enumerable.Range(0, made.Count).Select(i => made[i].ToArray())];
        var input = new TransformStreams();
        byte[] restored = new byte[block.Length];
        Loop([[1]], 400, (_, random) =>
        {
            input.Clear(block.Length);
            byte[][] mutated = [.. parts.Select(p => random.Next(2) == 0 && p.Length > 0 ? DecoderFuzzTests.Mutate(p, random) : p)];
            if (!input.AddParameters(mutated[0]))
            {
                throw new DwcpFormatException("Too many parameters.");
            }

            foreach (byte[] part in mutated.Skip(1))
            {
                if (part.Length > input.Left)
                {
                    throw new DwcpFormatException("Too long.");
                }

                part.CopyTo(input.Add(part.Length));
            }

            transform.Inverse(input, restored.AsSpan(0, random.Next(4) == 0 ? random.Next(1, restored.Length) : restored.Length));
        });
    }

    private static DwcpDictionary Trained() => Dictionary.Value;

    private static readonly Lazy<DwcpDictionary> Dictionary = new(() => DwcpDictionary.Train(
        [.. Enumerable.Range(0, 60).Select(i => (ReadOnlyMemory<byte>)SampleData.Make("log", 300, i))], 2048));

    private static byte[] Twice(string kind, int length, int seed)
    {
        byte[] once = SampleData.Make(kind, length, seed);
        return [.. once, .. once];
    }

    private static byte[] Stream(byte[] symbols)
    {
        byte[] encoded = new byte[StreamCoder.MaxEncoded(symbols.Length)];
        return encoded[..StreamCoder.Encode(symbols, encoded)];
    }

    private static void Loop(byte[][] seeds, int runs, Action<byte[], Random> decode)
    {
        var random = new Random(Seed);
        long start = Stopwatch.GetTimestamp();
        int run = 0, refused = 0;
        for (; run < runs || Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds; run++)
        {
            byte[] input = run < seeds.Length ? [.. seeds[run]] : DecoderFuzzTests.Mutate(seeds[random.Next(seeds.Length)], random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                decode(input, random);
            }
            catch (DwcpFormatException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {Seed}, run {run}, input {Convert.ToBase64String(input.AsSpan(0, Math.Min(300, input.Length)))}: {e}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MemoryLimit, $"Seed {Seed}, run {run}: {allocated} bytes allocated; the limit is {MemoryLimit}.");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{run} inputs, {refused} refused, seed {Seed}");
        Assert.True(refused > 0, $"{run} inputs, none refused: the loop did not exercise the decoder.");
    }

    /// <summary>Makes the checksums of header and blocks right again, as far as the frame can be walked.</summary>
    private static void Repair(byte[] frame)
    {
        if (frame.Length < FrameHeader.Size)
        {
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(24), XxHash3.HashToUInt64(frame.AsSpan(0, 24)));
        int at = FrameHeader.Size;
        for (long number = 0; at + BlockHeader.Size <= frame.Length; number++)
        {
            int payload = BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(at + 4));
            bool whole = payload >= 0 && payload <= frame.Length - at - BlockHeader.Size;
            if (whole)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(at + 8), XxHash3.HashToUInt64(frame.AsSpan(at + BlockHeader.Size, payload), number));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(at + 36), (uint)XxHash3.HashToUInt64(frame.AsSpan(at, 36), number));
            if (!whole)
            {
                return;
            }

            at += BlockHeader.Size + payload;
        }
    }
}
