namespace NovaCron.Dwcp.Codec.Components;

/// <summary>AMST as measured: what the transforms took away before coding.</summary>
public sealed class AmstComponent : IDwcpComponent
{
    private static long _zeroBlocks;
    private static long _zeroBytes;

    /// <inheritdoc/>
    public string Name => "AMST";

    /// <summary>Counts one all-zero block that was elided.</summary>
    public static void RecordZeroBlock(long bytes)
    {
        Interlocked.Increment(ref _zeroBlocks);
        Interlocked.Add(ref _zeroBytes, bytes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_amst_zero_blocks_total", "All-zero blocks that were elided.", ComponentMetricKind.Counter, Interlocked.Read(ref _zeroBlocks)),
        new("dwcp_amst_zero_bytes_total", "Bytes of all-zero blocks that were elided.", ComponentMetricKind.Counter, Interlocked.Read(ref _zeroBytes)),
    ];

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
            return "zero elision: 256 KiB to 1 byte and back; one set byte survives";
        },
        ct);
}
