namespace NovaCron.Dwcp.Codec.Components;

/// <summary>PBA as measured: which coder the streams got.</summary>
public sealed class PbaComponent : IDwcpComponent
{
    private static long _storedBlocks;
    private static long _storedBytes;
    private static long _mixedBytes;
    private static long _nibbleBytes;
    private static long _huffmanBytes;

    /// <inheritdoc/>
    public string Name => "PBA";

    /// <summary>Counts one block that was stored as it is.</summary>
    public static void RecordStored(long bytes)
    {
        Interlocked.Increment(ref _storedBlocks);
        Interlocked.Add(ref _storedBytes, bytes);
    }

    /// <summary>Counts one block that was coded by context mixing.</summary>
    internal static void RecordMixed(long bytes) => Interlocked.Add(ref _mixedBytes, bytes);

    /// <summary>Counts one block that was coded by adaptive nibbles and rANS.</summary>
    internal static void RecordNibbles(long bytes) => Interlocked.Add(ref _nibbleBytes, bytes);

    /// <summary>Counts one block whose streams were coded by Huffman's codes, or not at all where that was smaller.</summary>
    internal static void RecordHuffman(long bytes) => Interlocked.Add(ref _huffmanBytes, bytes);

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_pba_stored_blocks_total", "Blocks stored as they are.", ComponentMetricKind.Counter, Interlocked.Read(ref _storedBlocks)),
        new("dwcp_pba_stored_bytes_total", "Bytes in blocks stored as they are.", ComponentMetricKind.Counter, Interlocked.Read(ref _storedBytes)),
        new("dwcp_pba_huffman_bytes_total", "Bytes in blocks whose streams were coded by Huffman's codes.", ComponentMetricKind.Counter, Interlocked.Read(ref _huffmanBytes)),
        new("dwcp_pba_nibble_bytes_total", "Bytes in blocks that were coded by adaptive nibbles and rANS.", ComponentMetricKind.Counter, Interlocked.Read(ref _nibbleBytes)),
        new("dwcp_pba_mixed_bytes_total", "Bytes in blocks that were coded by context mixing.", ComponentMetricKind.Counter, Interlocked.Read(ref _mixedBytes)),
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
            return "stored blocks: 64 KiB of noise survive with one byte of overhead; an unknown method is refused; " + CodersSelfTest();
        },
        ct);

    /// <summary>Words in an uneven order must come back from each coder, and be smaller from each than from the one before.</summary>
    private static string CodersSelfTest()
    {
        var random = new Random(11);
        var text = new System.Text.StringBuilder();
        while (text.Length < 8 * 1024)
        {
            var word = random.Next(40) * random.Next(40);
            text.Append((char)('a' + word % 26)).Append("lo").Append((char)('a' + word / 26 % 26)).Append(word % 3 == 0 ? "rem " : "ipsum ");
        }

        var block = System.Text.Encoding.ASCII.GetBytes(text.ToString());
        var decoded = new byte[block.Length];
        var sizes = new List<string>();
        var before = block.Length;
        foreach (var level in (ReadOnlySpan<DwcpLevel>)[DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max])
        {
            var encoded = new byte[BlockCodec.MaxEncodedLength(block.Length)];
            var length = BlockCodec.Encode(block, encoded, level);
            BlockCodec.Decode(encoded.AsSpan(0, length), decoded);
            SelfTest.Require(decoded.AsSpan().SequenceEqual(block), $"A block did not survive level {level}.");
            SelfTest.Require(length < before, $"Level {level} took {length} bytes where {before} were enough.");
            before = length;
            sizes.Add($"{level} {length}");
        }

        return $"coders: {block.Length} bytes of words to {string.Join(", ", sizes)}";
    }
}
