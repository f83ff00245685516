using System.Globalization;
using System.Text;
using CsCheck;
using NovaCron.Dwcp.Codec.Transforms;
using NovaCron.Dwcp.Codec.Transforms.Branches;
using NovaCron.Dwcp.Codec.Transforms.Lines;
using NovaCron.Dwcp.Codec.Transforms.Records;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>Every transform of the registry, and the data that each is for.</summary>
public sealed unsafe class TransformTests
{
    [Fact]
    public void Whatever_a_transform_takes_it_gives_back() =>
        Gen.Select(Gen.Int[0, SampleData.Kinds.Length - 1], Gen.Int[1, 60_000], Gen.Int[0, 1000]).Sample((kind, length, seed) =>
        {
            byte[] block = SampleData.Make(SampleData.Kinds[kind], length, seed);
            foreach (ITransform transform in new TransformRegistry().All)
            {
                RoundTrip(transform, block);
            }
        }, iter: 200);

    [Fact]
    public void Lines_of_any_make_come_back() =>
        Gen.Select(Gen.Int[1, 400], Gen.Int[0, 100_000]).Sample((lines, seed) =>
        {
            var random = new Random(seed);
            var text = new StringBuilder();
            string[] shapes = ["{0},{1},{2}", "{2} a{0} {1:000}", "{1}.{1}.{0}.{2}", "x", "", "{3} {0}", "-{3} at {2}s", "{4}", "k={5:x} v=a{0},\"{5:x}\"", "10.{1}.{1}.3 [{0}] /{5:x}/{1}?q={0}"];
            for (int i = 0; i < lines; i++)
            {
                text.AppendFormat(
                    CultureInfo.InvariantCulture, shapes[random.Next(shapes.Length)], i * 7, random.Next(2000), Math.Round(random.NextDouble() * 100, random.Next(5)),
                    random.NextInt64(), "000123456789012345678901234567890.50", random.Next(300)).Append(random.Next(40) == 0 ? "\r\n" : "\n");
            }

            if (random.Next(2) == 0)
            {
                text.Length--;
            }

            RoundTrip(new LineTransform(), Encoding.ASCII.GetBytes(text.ToString()));
        }, iter: 400);

    [Theory]
    [InlineData("0", 1, 0)]
    [InlineData("007", 3, 0)]
    [InlineData("12.50", 2, 2)]
    [InlineData("0.000", 1, 3)]
    [InlineData("999999999999999999", 18, 0)]
    [InlineData("12345678901234567.8", 17, 1)]
    public void A_number_is_written_as_it_stood(string text, int whole, int fraction)
    {
        Assert.True(LineNumber.TryRead(Encoding.ASCII.GetBytes(text + "x"), out LineNumber number, out int length));
        Assert.Equal((text.Length, whole, fraction), (length, number.Whole, number.Fraction));
        byte[] back = new byte[20];
        Assert.Equal(text, Encoding.ASCII.GetString(back, 0, number.Write(back)));
    }

    [Fact]
    public void A_run_of_digits_too_long_for_a_number_is_text()
    {
        Assert.False(LineNumber.TryRead("1234567890123456789 "u8, out _, out int length));
        Assert.Equal(19, length);
    }

    [Theory]
    [InlineData("12ms", true)]
    [InlineData("2026-03-05T02:11:07.25Z", true)]
    [InlineData("6d4cf56db6", false)]
    [InlineData("10.0.3.7", false)]
    [InlineData("Chrome/113.0.0", false)]
    public void Numbers_are_told_from_the_digits_of_names(string field, bool isNumber)
    {
        var templates = new LineTemplates();
        var reader = new LineReader(templates);
        byte[] block = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(field + "\n", 4)));
        Assert.Equal(isNumber, reader.Read(block, mostNames: 0) && reader.Numbers.Length > 0);
    }

    [Fact]
    public void What_has_many_values_is_a_word_and_what_has_few_is_a_name()
    {
        var templates = new LineTemplates();
        var reader = new LineReader(templates);
        var text = new StringBuilder();
        for (int i = 0; i < 400; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(i % 3 == 0 ? "warn" : "info")} user{i % 97} did {i}\n");
        }

        Assert.True(reader.Read(Encoding.ASCII.GetBytes(text.ToString()), mostNames: 8));
        Assert.Equal(400, reader.Words.Length);
        Assert.Equal("info \u0002 did \u0001\nwarn \u0002 did \u0001\n", string.Concat(Encoding.ASCII.GetString(templates.Text).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(t => t + "\n")));
    }

    [Fact]
    public void Arm64_branches_are_converted_alike_with_and_without_vectors() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Int[0, 1000]).Sample((length, seed) =>
        {
            byte[] block = SampleData.Make("arm64", length, seed);
            byte[] vectors = [.. block], portable = [.. block];
            foreach (bool forward in (bool[])[true, false])
            {
                fixed (byte* v = vectors)
                fixed (byte* p = portable)
                {
                    Arm64BranchKernel.Convert(v, 0, length, forward);
                    Arm64BranchKernel.ConvertPortable(p, 0, length, forward);
                }

                Assert.Equal(portable, vectors);
            }

            Assert.Equal(block, vectors);
        }, iter: 300);

    [Fact]
    public void Calls_of_one_function_look_the_same_after_conversion()
    {
        // bl to 0x10000 from 0x1000 and 0x2000; adrp of page 0x30 from both.
        byte[] block = new byte[0x3000];
        BitConverter.TryWriteBytes(block.AsSpan(0x1000), 0x9400_0000 | (0x10000 - 0x1000) / 4);
        BitConverter.TryWriteBytes(block.AsSpan(0x2000), 0x9400_0000 | (0x10000 - 0x2000) / 4);
        BitConverter.TryWriteBytes(block.AsSpan(0x1004), 0x9000_0000 | (0x30 - 1 & 3) << 29 | (0x30 - 1 >> 2) << 5);
        BitConverter.TryWriteBytes(block.AsSpan(0x2004), 0x9000_0000 | (0x30 - 2 & 3) << 29 | (0x30 - 2 >> 2) << 5);
        fixed (byte* b = block)
        {
            Arm64BranchKernel.Convert(b, 0, block.Length, forward: true);
        }

        Assert.Equal(block.AsSpan(0x1000, 8).ToArray(), block.AsSpan(0x2000, 8).ToArray());
    }

    [Fact]
    public void Branches_are_converted_alike_with_and_without_vectors() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Int[0, 1000]).Sample((length, seed) =>
        {
            byte[] block = SampleData.Make("x86", length, seed);
            byte[] vectors = [.. block], portable = [.. block];
            foreach (bool forward in (bool[])[true, false])
            {
                fixed (byte* v = vectors)
                fixed (byte* p = portable)
                {
                    BranchKernel.Convert(v, 0, length, forward);
                    BranchKernel.ConvertPortable(p, 0, length, forward);
                }

                Assert.Equal(portable, vectors);
            }

            Assert.Equal(block, vectors);
        }, iter: 300);

    [Fact]
    public void Records_are_split_alike_with_and_without_vectors() =>
        Gen.Select(Gen.Int[8, 40], Gen.Int[0, 200], Gen.Int[0, 3], Gen.Int[0, 1000]).Sample((width, count, operation, seed) =>
        {
            byte[] records = new byte[width * count + 1];
            new Random(seed).NextBytes(records);
            byte[] vectors = new byte[8 * count + 1], portable = new byte[vectors.Length], back = [.. records], backPortable = [.. records];
            var field = new Field(width - 8, 8, (FieldOperation)operation);
            bool can = System.Runtime.Intrinsics.X86.Sse2.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported;
            fixed (byte* r = records)
            fixed (byte* v = vectors)
            fixed (byte* p = portable)
            fixed (byte* b = back)
            fixed (byte* c = backPortable)
            {
                RecordKernel.Split(r, width, count, field, v, can);
                RecordKernel.Split(r, width, count, field, p, vectors: false);
                Assert.Equal(portable, vectors);
                for (int i = 0; i < count; i++)
                {
                    new Span<byte>(b + i * width + field.Offset, 8).Clear();
                    new Span<byte>(c + i * width + field.Offset, 8).Clear();
                }

                RecordKernel.Join(v, width, count, field, b, can);
                RecordKernel.Join(p, width, count, field, c, vectors: false);
            }

            Assert.Equal(records, back);
            Assert.Equal(records, backPortable);
        }, iter: 300);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_field_of_any_size_and_operation_comes_back(int size) =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 300], Gen.Int[0, 1000]).Sample((operation, count, seed) =>
        {
            byte[] records = new byte[size * count];
            new Random(seed).NextBytes(records);
            byte[] planes = new byte[records.Length], back = new byte[records.Length];
            var field = new Field(0, size, (FieldOperation)operation);
            fixed (byte* r = records)
            fixed (byte* p = planes)
            fixed (byte* b = back)
            {
                RecordKernel.Split(r, size, count, field, p);
                RecordKernel.Join(p, size, count, field, b);
            }

            Assert.Equal(records, back);
        }, iter: 100);

    /// <summary>The data that each transform is for must be taken by it and get smaller by more than a fourth.</summary>
    [Theory]
    [InlineData("Records", "telemetry")]
    [InlineData("Lines", "metrics")]
    [InlineData("Lines", "access")]
    [InlineData("Arm64Branches", "arm64")]
    public void Structured_data_gets_smaller(string name, string kind)
    {
        TransformId id = Enum.Parse<TransformId>(name);
        byte[] block = SampleData.Make(kind, 400_000, 3);
        byte[] dense = BlockCodecTests.Encode(block, DwcpLevel.Dense);
        Assert.Equal((BlockCodec.MethodTransformed, (byte)id), (dense[0], dense[1]));
        byte[] plain = new byte[BlockCodec.MaxEncodedLength(block.Length)];
        BlockWorkspace workspace = BlockWorkspace.Rent();
        int plainLength = BlockCodec.EncodePlain(workspace, block, plain, DwcpLevel.Dense);
        BlockWorkspace.Return(workspace);
        Assert.InRange(dense.Length, 1, plainLength * 3 / 4);
    }

    [Fact]
    public void Code_among_other_data_is_converted_where_it_lies()
    {
        byte[] block = [.. SampleData.Make("noise", 131_072, 1), .. SampleData.Make("x86", 65_536, 2), .. SampleData.Make("text", 65_536, 3)];
        var streams = new TransformStreams();
        var transform = new BranchTransform<BranchKernel>();
        Assert.True(transform.TryForward(block, streams, 0));
        Assert.Equal([0b0100], streams.Parameters.ToArray());
        Assert.True(streams[0][..131_072].SequenceEqual(block.AsSpan(0, 131_072)));
        Assert.False(streams[0].SequenceEqual(block));
    }

    [Fact]
    public void A_stream_in_a_transformed_block_may_not_be_transformed_itself()
    {
        byte[] inner = BlockCodecTests.Encode(SampleData.Make("telemetry", 50_000, 1), DwcpLevel.Dense);
        Assert.Equal(BlockCodec.MethodTransformed, inner[0]);
        byte[] outer = [BlockCodec.MethodTransformed, (byte)TransformId.Branches, 1, 0, 1, 0xD0, 0x86, 0x03, .. Varint(inner.Length), .. inner];
        Assert.Throws<DwcpFormatException>(() => BlockCodec.Decode(outer, new byte[50_000]));
    }

    private static byte[] Varint(int value) => value < 128 ? [(byte)value] : value < 1 << 14 ? [(byte)(value | 128), (byte)(value >> 7)] : [(byte)(value | 128), (byte)(value >> 7 | 128), (byte)(value >> 14)];

    private static void RoundTrip(ITransform transform, byte[] block)
    {
        var streams = new TransformStreams();
        for (int way = 0; way < transform.Ways; way++)
        {
            if (transform.TryForward(block, streams, way))
            {
                byte[] back = new byte[block.Length];
                back.AsSpan().Fill(0xCC);
                transform.Inverse(streams, back);
                Assert.True(block.AsSpan().SequenceEqual(back), $"{transform.Id} did not give a block of {block.Length} bytes back as it was.");
            }
        }
    }
}
