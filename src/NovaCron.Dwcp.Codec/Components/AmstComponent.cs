using NovaCron.Dwcp.Codec.Transforms;

namespace NovaCron.Dwcp.Codec.Components;

/// <summary>AMST as measured: what the transforms took away before coding.</summary>
public sealed class AmstComponent : IDwcpComponent
{
    private static long _zeroBlocks;
    private static long _zeroBytes;
    private static readonly long[] TransformedBlocks = new long[(int)TransformId.Arm64Branches + 1];
    private static long _transformedBytes;

    /// <inheritdoc/>
    public string Name => "AMST";

    /// <summary>Counts one all-zero block that was elided.</summary>
    public static void RecordZeroBlock(long bytes)
    {
        Interlocked.Increment(ref _zeroBlocks);
        Interlocked.Add(ref _zeroBytes, bytes);
    }

    /// <summary>Counts one block that a transform changed.</summary>
    internal static void RecordTransformed(TransformId id, long bytes)
    {
        Interlocked.Increment(ref TransformedBlocks[(int)id]);
        Interlocked.Add(ref _transformedBytes, bytes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_amst_zero_blocks_total", "All-zero blocks that were elided.", ComponentMetricKind.Counter, Interlocked.Read(ref _zeroBlocks)),
        new("dwcp_amst_zero_bytes_total", "Bytes of all-zero blocks that were elided.", ComponentMetricKind.Counter, Interlocked.Read(ref _zeroBytes)),
        Blocks("branch", "whose x86-64 branches were made absolute", TransformId.Branches),
        Blocks("arm64_branch", "whose ARM64 branches and page addresses were made absolute", TransformId.Arm64Branches),
        Blocks("record", "that were written as differences of fixed-width records", TransformId.Records),
        Blocks("line", "that were written as line templates and columns of numbers and words", TransformId.Lines),
        new("dwcp_amst_transformed_bytes_total", "Bytes of blocks that a transform changed.", ComponentMetricKind.Counter, Interlocked.Read(ref _transformedBytes)),
    ];

    private static ComponentMetric Blocks(string name, string what, TransformId id) => new(
        $"dwcp_amst_{name}_blocks_total", $"Blocks {what}.", ComponentMetricKind.Counter, Interlocked.Read(ref TransformedBlocks[(int)id]));

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SelfTest.Run(
        static _ =>
        {
            var block = new byte[256 * 1024];
            var encoded = new byte[BlockCodec.MaxEncodedLength(block.Length)];
            SelfTest.Require(BlockCodec.Encode(block, encoded, DwcpLevel.Store) == 1, "A zero block of 256 KiB was not elided.");
            var decoded = new byte[block.Length];
            decoded.AsSpan().Fill(0xA5);
            BlockCodec.Decode(encoded.AsSpan(0, 1), decoded);
            SelfTest.Require(BlockCodec.IsZero(decoded), "An elided block did not decode to zeros.");
            block[^1] = 1;
            var length = BlockCodec.Encode(block, encoded, DwcpLevel.Store);
            BlockCodec.Decode(encoded.AsSpan(0, length), decoded);
            SelfTest.Require(decoded.AsSpan().SequenceEqual(block), "A block with one byte set did not survive.");
            return "zero elision: 256 KiB to 1 byte and back; one set byte survives; " + TransformsSelfTest();
        },
        ct);

    /// <summary>A block made for each transform must be taken by it, shrink, and come back.</summary>
    private static string TransformsSelfTest()
    {
        var random = new Random(20240611);
        var records = new byte[16 * 1024];
        var code = new byte[records.Length];
        long time = 1_700_000_000_000_000_000;
        for (int i = 0; i + 16 <= records.Length; i += 16)
        {
            time += 1_000_000 + random.Next(1000);
            BitConverter.TryWriteBytes(records.AsSpan(i), time);
            BitConverter.TryWriteBytes(records.AsSpan(i + 8), i * 3);
            BitConverter.TryWriteBytes(records.AsSpan(i + 12), random.Next(50));
        }

        // Calls stand at uneven distances, as in real code: at even ones they are records of that width, and their differences are as short.
        random.NextBytes(code);
        for (int i = 0; i + 8 <= code.Length; i += 6 + random.Next(5))
        {
            code[i] = 0xE8;
            BitConverter.TryWriteBytes(code.AsSpan(i + 1), random.Next(40) * 4096 - i);
        }

        var arm = new byte[records.Length];
        random.NextBytes(arm);
        for (int i = 0; i + 4 <= arm.Length; i += 4 * (2 + random.Next(8)))
        {
            BitConverter.TryWriteBytes(arm.AsSpan(i), 0x9400_0000 | ((uint)((random.Next(40) * 4096) - i) / 4 & 0x03FF_FFFF));
        }

        var lines = new System.Text.StringBuilder();
        for (int i = 0; lines.Length < records.Length; i++)
        {
            lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"2026-01-02 03:04:{i / 10 % 60:00}.{i % 10}00 session {1000 + i} took {random.Next(400)} ms\n");
        }

        var sizes = new List<string>();
        foreach (var (transform, block) in (ReadOnlySpan<(TransformId, byte[])>)
            [(TransformId.Records, records), (TransformId.Branches, code), (TransformId.Arm64Branches, arm), (TransformId.Lines, System.Text.Encoding.ASCII.GetBytes(lines.ToString()))])
        {
            var encoded = new byte[BlockCodec.MaxEncodedLength(block.Length)];
            var length = BlockCodec.Encode(block, encoded, DwcpLevel.Dense);
            SelfTest.Require(encoded[0] == BlockCodec.MethodTransformed && encoded[1] == (byte)transform, $"A block for transform {transform} was not taken by it.");
            var decoded = new byte[block.Length];
            BlockCodec.Decode(encoded.AsSpan(0, length), decoded);
            SelfTest.Require(decoded.AsSpan().SequenceEqual(block), $"A block did not survive transform {transform}.");
            sizes.Add($"{transform} {block.Length} to {length}");
        }

        return "transforms: " + string.Join(", ", sizes);
    }
}
