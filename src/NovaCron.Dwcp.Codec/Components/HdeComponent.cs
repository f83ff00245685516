using NovaCron.Dwcp.Codec.Dictionary.Chunking;

namespace NovaCron.Dwcp.Codec.Components;

/// <summary>HDE as measured: chunks found, and what did not have to travel because it was known.</summary>
public sealed class HdeComponent : IDwcpComponent
{
    private static long _chunks;
    private static long _chunkBytes;
    private static long _duplicateChunks;
    private static long _duplicateBytes;

    /// <inheritdoc/>
    public string Name => "HDE";

    /// <summary>Counts chunks that content-defined chunking made.</summary>
    public static void RecordChunk(long bytes)
    {
        Interlocked.Increment(ref _chunks);
        Interlocked.Add(ref _chunkBytes, bytes);
    }

    /// <summary>Counts a chunk that was already at the receiver.</summary>
    public static void RecordDuplicate(long bytes)
    {
        Interlocked.Increment(ref _duplicateChunks);
        Interlocked.Add(ref _duplicateBytes, bytes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_hde_chunks_total", "Content-defined chunks handled.", ComponentMetricKind.Counter, Interlocked.Read(ref _chunks)),
        new("dwcp_hde_chunk_bytes_total", "Bytes in content-defined chunks handled.", ComponentMetricKind.Counter, Interlocked.Read(ref _chunkBytes)),
        new("dwcp_hde_duplicate_chunks_total", "Chunks that were known and did not travel.", ComponentMetricKind.Counter, Interlocked.Read(ref _duplicateChunks)),
        new("dwcp_hde_duplicate_bytes_total", "Bytes in chunks that were known and did not travel.", ComponentMetricKind.Counter, Interlocked.Read(ref _duplicateBytes)),
    ];

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SelfTest.Run(
        static _ =>
        {
            var data = new byte[2 * 1024 * 1024];
            new Random(20240601).NextBytes(data);
            var original = Tails(data);
            var shifted = new byte[data.Length + 1];
            data.CopyTo(shifted, 1);
            var moved = Tails(shifted);
            var shared = original.Intersect(moved).Count();
            SelfTest.Require(shared >= original.Count / 2, $"One inserted byte left only {shared} of {original.Count} boundaries in place.");
            return $"chunking: {original.Count} chunks of 2 MiB; {shared} boundaries survive an insertion at the front";
        },
        ct);

    // Boundaries counted from the end, so that an insertion at the front does not move them.
    private static HashSet<int> Tails(byte[] data)
    {
        var lengths = new List<int>();
        FastCdc.Default.Split(data, lengths);
        var tails = new HashSet<int>();
        var left = data.Length;
        foreach (var length in lengths)
        {
            RecordChunk(length);
            tails.Add(left -= length);
        }
        return tails;
    }
}
