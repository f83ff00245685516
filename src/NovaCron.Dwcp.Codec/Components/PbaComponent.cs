namespace NovaCron.Dwcp.Codec.Components;

/// <summary>PBA as measured: which coder the streams got.</summary>
public sealed class PbaComponent : IDwcpComponent
{
    private static long _storedBlocks;
    private static long _storedBytes;

    /// <inheritdoc/>
    public string Name => "PBA";

    /// <summary>Counts one block that was stored as it is.</summary>
    public static void RecordStored(long bytes)
    {
        Interlocked.Increment(ref _storedBlocks);
        Interlocked.Add(ref _storedBytes, bytes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_pba_stored_blocks_total", "Blocks stored as they are.", ComponentMetricKind.Counter, Interlocked.Read(ref _storedBlocks)),
        new("dwcp_pba_stored_bytes_total", "Bytes in blocks stored as they are.", ComponentMetricKind.Counter, Interlocked.Read(ref _storedBytes)),
    ];

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SelfTest.Run(
        static _ =>
        {
            var block = new byte[64 * 1024];
            new Random(7).NextBytes(block);
            var encoded = new byte[BlockCodec.MaxEncodedLength(block.Length)];
            var length = BlockCodec.Encode(block, encoded, DwcpLevel.Store);
            var decoded = new byte[block.Length];
            BlockCodec.Decode(encoded.AsSpan(0, length), decoded);
            SelfTest.Require(decoded.AsSpan().SequenceEqual(block), "A stored block did not survive.");
            SelfTest.Require(length <= block.Length + 1, $"An incompressible block grew to {length} bytes.");
            var refused = false;
            try
            {
                BlockCodec.Decode([0xFF, 0], decoded);
            }
            catch (DwcpFormatException)
            {
                refused = true;
            }

            SelfTest.Require(refused, "An unknown method was accepted.");
            return "stored blocks: 64 KiB of noise survive with one byte of overhead; an unknown method is refused";
        },
        ct);
}
