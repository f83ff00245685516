using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;

namespace NovaCron.Dwcp.Codec.Components;

/// <summary>HDE as measured: chunks found, and what did not have to travel because it was known.</summary>
public sealed class HdeComponent : IDwcpComponent
{
    private static long _chunks;
    private static long _chunkBytes;
    private static long _duplicateChunks;
    private static long _duplicateBytes;
    private static long _references;
    private static long _referencedBytes;
    private static long _similarChunks;
    private static long _similarBytes;
    private static long _differenceBytes;
    private static long _dictionaryBlocks;
    private static long _dictionaryBytes;

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

    /// <summary>Counts what a block of a windowed frame took from blocks before it.</summary>
    internal static void RecordReferences(long count, long bytes)
    {
        Interlocked.Add(ref _references, count);
        Interlocked.Add(ref _referencedBytes, bytes);
    }

    /// <summary>Counts a chunk that travelled as its difference from a similar one.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="difference">Those of the difference.</param>
    public static void RecordSimilar(long bytes, long difference)
    {
        Interlocked.Increment(ref _similarChunks);
        Interlocked.Add(ref _similarBytes, bytes);
        Interlocked.Add(ref _differenceBytes, difference);
    }

    /// <summary>Counts a block that was coded behind a dictionary.</summary>
    internal static void RecordDictionaryBlock(long bytes)
    {
        Interlocked.Increment(ref _dictionaryBlocks);
        Interlocked.Add(ref _dictionaryBytes, bytes);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_hde_chunks_total", "Content-defined chunks handled.", ComponentMetricKind.Counter, Interlocked.Read(ref _chunks)),
        new("dwcp_hde_chunk_bytes_total", "Bytes in content-defined chunks handled.", ComponentMetricKind.Counter, Interlocked.Read(ref _chunkBytes)),
        new("dwcp_hde_duplicate_chunks_total", "Chunks that were known and did not travel.", ComponentMetricKind.Counter, Interlocked.Read(ref _duplicateChunks)),
        new("dwcp_hde_duplicate_bytes_total", "Bytes in chunks that were known and did not travel.", ComponentMetricKind.Counter, Interlocked.Read(ref _duplicateBytes)),
        new("dwcp_hde_references_total", "References that blocks of windowed frames were written with.", ComponentMetricKind.Counter, Interlocked.Read(ref _references)),
        new("dwcp_hde_referenced_bytes_total", "Bytes that those references stand for.", ComponentMetricKind.Counter, Interlocked.Read(ref _referencedBytes)),
        new("dwcp_hde_similar_chunks_total", "Chunks that travelled as differences from similar ones.", ComponentMetricKind.Counter, Interlocked.Read(ref _similarChunks)),
        new("dwcp_hde_similar_bytes_total", "Bytes of those chunks.", ComponentMetricKind.Counter, Interlocked.Read(ref _similarBytes)),
        new("dwcp_hde_difference_bytes_total", "Bytes of those differences.", ComponentMetricKind.Counter, Interlocked.Read(ref _differenceBytes)),
        new("dwcp_hde_dictionary_blocks_total", "Blocks and small payloads that were written behind a trained dictionary.", ComponentMetricKind.Counter, Interlocked.Read(ref _dictionaryBlocks)),
        new("dwcp_hde_dictionary_bytes_total", "Bytes of those.", ComponentMetricKind.Counter, Interlocked.Read(ref _dictionaryBytes)),
    ];

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SelfTest.Run(
        static _ =>
        {
            var data = new byte[1024 * 1024];
            new Random(20240601).NextBytes(data);
            var original = Tails(data);
            var shifted = new byte[data.Length + 1];
            data.CopyTo(shifted, 1);
            var moved = Tails(shifted);
            var shared = original.Intersect(moved).Count();
            SelfTest.Require(shared >= original.Count / 2, $"One inserted byte left only {shared} of {original.Count} boundaries in place.");
            return $"chunking: {original.Count} chunks of 1 MiB; {shared} boundaries survive an insertion at the front; {WindowSelfTest(data)}; {ResemblanceSelfTest(data)}; {DictionarySelfTest()}";
        },
        ct);

    // What repeats far back must become references, and come back.
    private static string WindowSelfTest(byte[] noise)
    {
        byte[] content = [.. noise.AsSpan(0, 128 * 1024), .. noise.AsSpan(0, 128 * 1024)];
        var options = new DwcpEncoderOptions { Level = DwcpLevel.Store, BlockLength = 1 << 16, WindowLength = 1 << 20, Threads = 1 };
        var frame = DwcpEncoder.Encode(content, options);
        SelfTest.Require(frame.Length < content.Length / 2 + 4096, $"128 KiB of noise twice took {frame.Length} bytes in one window.");
        SelfTest.Require(DwcpDecoder.Decode(frame).AsSpan().SequenceEqual(content), "A windowed frame did not survive.");
        return $"window: 128 KiB twice to {frame.Length} bytes and back";
    }

    // A changed chunk must be recognised and travel as its difference.
    private static string ResemblanceSelfTest(byte[] noise)
    {
        var old = noise.AsSpan(0, 64 * 1024).ToArray();
        byte[] changed = [.. old.AsSpan(0, 20_000), 1, 2, 3, .. old.AsSpan(20_000)];
        var (before, after) = (ChunkFeatures.Of(old), ChunkFeatures.Of(changed));
        SelfTest.Require(Enumerable.Range(0, ChunkFeatures.Count).Any(i => before[i] == after[i]), "Three inserted bytes left no super-feature of a chunk in place.");
        var fingerprints = new List<ulong>();
        ChunkDifference.Describe(old, 5, fingerprints);
        var payload = new byte[BlockCodec.MaxEncodedLength(changed.Length)];
        var coding = new ChunkDifference();
        var length = coding.Encode(changed, new SimilarChunk(5, [.. fingerprints]), payload, DwcpLevel.Fast);
        SelfTest.Require(length is > 0 and < 10_000, $"The difference of three bytes took {length} bytes.");
        var decoded = new byte[changed.Length];
        coding.Decode(payload.AsSpan(0, length), old, decoded);
        SelfTest.Require(decoded.AsSpan().SequenceEqual(changed), "A difference did not give the chunk.");
        return $"resemblance: a chunk of 64 KiB with three bytes more travels as {length}";
    }

    // A dictionary of small records must make a new one smaller than it is alone, and refuse what another made.
    private static string DictionarySelfTest()
    {
        var random = new Random(3);
        string Entry() =>
            $"{{\"session\":{random.Next(100000)},\"client\":\"node-{random.Next(40)}.site-{random.Next(4)}\",\"outcome\":\"{(random.Next(9) == 0 ? "refused" : "committed")}\",\"bytes\":{random.Next()}}}";
        byte[] Record() => System.Text.Encoding.UTF8.GetBytes($"[{Entry()},{Entry()},{Entry()}]");
        var dictionary = DwcpDictionary.Train([.. Enumerable.Range(0, 24).Select(_ => (ReadOnlyMemory<byte>)Record())], 1024);
        var payload = Record();
        var frame = dictionary.Encode(payload);
        var alone = new byte[BlockCodec.MaxEncodedLength(payload.Length)];
        var aloneLength = BlockCodec.Encode(payload, alone, DwcpLevel.Dense);
        SelfTest.Require(frame.Length < aloneLength, $"A record took {frame.Length} bytes with its dictionary and {aloneLength} without.");
        SelfTest.Require(dictionary.Decode(frame).AsSpan().SequenceEqual(payload), "A record did not survive its dictionary.");
        return $"dictionary: a record of {payload.Length} bytes takes {frame.Length}, alone {aloneLength}";
    }

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
