using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>ASS as measured: what the sending loop announced and put on the wire, and in what portions.</summary>
public sealed class AssComponent : IDwcpComponent
{
    private static long _segments;
    private static long _entries;
    private static long _batches;
    private static long _chunks;
    private static long _batchBytes;

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
            new("dwcp_ass_chunks_per_batch", "Chunks in a batch, mean since the start.", ComponentMetricKind.Gauge, batches == 0 ? 0 : (double)Interlocked.Read(ref _chunks) / batches),
        ];
    }

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => Exchange.ExchangeSelfTest.Run(ct);

    internal static void RecordSegment(int entries)
    {
        Interlocked.Increment(ref _segments);
        Interlocked.Add(ref _entries, entries);
    }

    internal static void RecordBatch(int chunks, int bytes)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _chunks, chunks);
        Interlocked.Add(ref _batchBytes, bytes);
    }
}
