using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>ASS as measured: whose bytes went first, what was striped over several connections, what the sending loop announced and in what portions.</summary>
public sealed class AssComponent : IDwcpComponent
{
    private static long _segments;
    private static long _entries;
    private static long _batches;
    private static long _chunks;
    private static long _batchBytes;
    private static long _overtaken;
    private static long _stripedBlocks;
    private static long _heldBlocks;
    private static readonly long[] SentBytes = new long[4];

    /// <inheritdoc/>
    public string Name => "ASS";

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics()
    {
        var batches = Interlocked.Read(ref _batches);
        return
        [
            new("dwcp_ass_segments_total", "Manifest segments sent.", ComponentMetricKind.Counter, Interlocked.Read(ref _segments)),
            new("dwcp_ass_entries_total", "Files, directories and links sent; many share a segment.", ComponentMetricKind.Counter, Interlocked.Read(ref _entries)),
            new("dwcp_ass_batches_total", "Batches of chunks sent.", ComponentMetricKind.Counter, batches),
            new("dwcp_ass_batch_bytes_total", "Bytes in batches of chunks.", ComponentMetricKind.Counter, Interlocked.Read(ref _batchBytes)),
            new("dwcp_ass_interactive_bytes_total", "Stream bytes sent before everything else: control, commits, people who wait.", ComponentMetricKind.Counter, Read(StreamPriority.Interactive)),
            new("dwcp_ass_manifest_bytes_total", "Stream bytes of manifests sent over datagrams.", ComponentMetricKind.Counter, Read(StreamPriority.Manifest)),
            new("dwcp_ass_bulk_bytes_total", "Stream bytes of data sent over datagrams.", ComponentMetricKind.Counter, Read(StreamPriority.Bulk)),
            new("dwcp_ass_background_bytes_total", "Stream bytes of data that yields, sent over datagrams.", ComponentMetricKind.Counter, Read(StreamPriority.Background)),
            new("dwcp_ass_overtakes_total", "Pieces of streams that went before a stream of lower priority that was waiting.", ComponentMetricKind.Counter, Interlocked.Read(ref _overtaken)),
            new("dwcp_ass_striped_blocks_total", "Blocks sent over one of several connections.", ComponentMetricKind.Counter, Interlocked.Read(ref _stripedBlocks)),
            new("dwcp_ass_reordered_blocks_total", "Blocks that came over one connection before an earlier one over another.", ComponentMetricKind.Counter, Interlocked.Read(ref _heldBlocks)),
            new("dwcp_ass_chunks_per_batch", "Chunks in a batch, mean since the start.", ComponentMetricKind.Gauge, batches == 0 ? 0 : (double)Interlocked.Read(ref _chunks) / batches),
        ];
    }

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SchedulingSelfTest.Run(ct);

    internal static void RecordSegment(int entries)
    {
        Interlocked.Increment(ref _segments);
        Interlocked.Add(ref _entries, entries);
    }

    internal static void RecordSent(StreamPriority priority, int bytes, bool overtook)
    {
        Interlocked.Add(ref SentBytes[(int)priority], bytes);
        if (overtook) Interlocked.Increment(ref _overtaken);
    }

    internal static void RecordStripedBlock() => Interlocked.Increment(ref _stripedBlocks);

    internal static void RecordHeldBlock() => Interlocked.Increment(ref _heldBlocks);

    private static long Read(StreamPriority priority) => Interlocked.Read(ref SentBytes[(int)priority]);

    internal static void RecordBatch(int chunks, int bytes)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _chunks, chunks);
        Interlocked.Add(ref _batchBytes, bytes);
    }
}
