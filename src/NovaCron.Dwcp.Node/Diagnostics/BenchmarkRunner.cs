using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>Small measurements inside the pod, one at a time, bounded in size and time, so that they can run beside real traffic.</summary>
internal sealed class BenchmarkRunner(OwnTransfers transfers, ObjectStore store, Func<Task<IReadOnlyList<(string Pod, IPAddress Address)>>> siblings)
{
    private const int SampleBytes = 32 << 20;
    private const int CodecBytes = 8 << 20;
    private const int BlockBytes = 256 << 10;

    /// <summary>Dense encodes twelve megabytes a second and more; this is done in a second.</summary>
    private const int InternetBytes = 4 << 20;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>What can be asked for.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["memory", "codec", "internet", "store", "transfer", "sibling"];

    /// <summary>Runs one; null when another is running.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="level">Codec level, for kinds that encode.</param>
    /// <param name="canaryKey">Key that makes a transfer v3 where the node allows canaries.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<BenchmarkResult?> RunAsync(string kind, DwcpLevel level, string canaryKey, CancellationToken cancellationToken)
    {
        if (!await _one.WaitAsync(0, cancellationToken).ConfigureAwait(false)) return null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            return kind switch
            {
                "memory" => await Task.Run(() => Memory(limit.Token), limit.Token).ConfigureAwait(false),
                "codec" => await Task.Run(() => Codec(kind, SampleData.Create(CodecBytes, seed: 1), SampleData.Name, level, limit.Token), limit.Token).ConfigureAwait(false),
                "internet" => await Task.Run(() => Codec(kind, SampleData.CreateInternet(InternetBytes, seed: 1), SampleData.InternetName, level, limit.Token), limit.Token).ConfigureAwait(false),
                "store" => await StoreAsync(limit.Token).ConfigureAwait(false),
                "transfer" => await TransferAsync(kind, "the pod's own data port and store", transfers.OwnAddress, level, canaryKey, limit.Token).ConfigureAwait(false),
                "sibling" => await SiblingAsync(level, canaryKey, limit.Token).ConfigureAwait(false),
                _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, $"A benchmark is one of {string.Join(", ", Kinds)}."),
            };
        }
        finally
        {
            _one.Release();
        }
    }

    private static BenchmarkResult Memory(CancellationToken cancellationToken)
    {
        var rate = MemoryCopyRate(cancellationToken, out var bytes, out var seconds);
        return new BenchmarkResult("memory", $"{SampleBytes >> 20} MiB buffer, one thread", bytes, seconds, rate, new Dictionary<string, double>(), rate);
    }

    private static BenchmarkResult Codec(string kind, byte[] sample, string name, DwcpLevel level, CancellationToken cancellationToken)
    {
        var encoded = new byte[BlockCodec.MaxEncodedLength(BlockBytes)];
        var decoded = new byte[BlockBytes];
        long wire = 0;
        TimeSpan encoding = default, decoding = default;
        for (var at = 0; at < sample.Length; at += BlockBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var block = sample.AsSpan(at, Math.Min(BlockBytes, sample.Length - at));
            var start = Stopwatch.GetTimestamp();
            var length = BlockCodec.Encode(block, encoded, level);
            encoding += Stopwatch.GetElapsedTime(start);
            start = Stopwatch.GetTimestamp();
            BlockCodec.Decode(encoded.AsSpan(0, length), decoded.AsSpan(0, block.Length));
            decoding += Stopwatch.GetElapsedTime(start);
            if (!block.SequenceEqual(decoded.AsSpan(0, block.Length))) throw new DwcpFormatException($"Block at {at} did not decode to what was encoded at level {level}.");
            wire += length;
        }

        return new BenchmarkResult(kind, $"{sample.Length >> 20} MiB {name}; blocks of {BlockBytes >> 10} KiB, level {level}, one thread, verified",
            sample.Length, encoding.TotalSeconds, sample.Length / encoding.TotalSeconds,
            new Dictionary<string, double>
            {
                ["percentSaved"] = 100.0 * (1 - ((double)wire / sample.Length)),
                ["decodeBytesPerSecond"] = sample.Length / decoding.TotalSeconds,
            },
            MemoryCopyRate(cancellationToken, out _, out _));
    }

    private async Task<BenchmarkResult> StoreAsync(CancellationToken cancellationToken)
    {
        const int Probes = 20;
        var times = new double[Probes];
        for (var i = 0; i < Probes; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await store.ProbeAsync(cancellationToken).ConfigureAwait(false);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        var total = times.Sum() / 1000;
        Array.Sort(times);
        return new BenchmarkResult("store", $"{Probes} small files written, synced and deleted one after the other", 0, total, 0,
            new Dictionary<string, double> { ["medianMilliseconds"] = times[Probes / 2], ["slowestMilliseconds"] = times[^1] },
            MemoryCopyRate(cancellationToken, out _, out _));
    }

    private async Task<BenchmarkResult> SiblingAsync(DwcpLevel level, string canaryKey, CancellationToken cancellationToken) =>
        (await siblings().ConfigureAwait(false)).FirstOrDefault() is { Pod: not null } sibling
            ? await TransferAsync("sibling", $"the data port of pod {sibling.Pod}", sibling.Address, level, canaryKey, cancellationToken).ConfigureAwait(false)
            : throw new DwcpNodeException("No other pod has told its address within the last half minute. Look at Redis, through which pods tell it, and at the number of pods.");

    private async Task<BenchmarkResult> TransferAsync(string kind, string to, IPAddress address, DwcpLevel level, string canaryKey, CancellationToken cancellationToken)
    {
        // Incompressible and new in every run, so that neither codec nor deduplication flatters the path.
        var payload = RandomNumberGenerator.GetBytes(SampleBytes);
        await using var client = new TransferClient(ClientProtocols.All);
        var request = transfers.To(address, canaryKey) with { Level = level };
        var sent = await client.SendAsync(request, TransferSource.FromMemory(payload), cancellationToken: cancellationToken).ConfigureAwait(false);
        try
        {
            var sink = TransferSink.ToMemory(SampleBytes);
            var received = await client.ReceiveAsync(request, sink, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (!sink.Bytes.Span.SequenceEqual(payload)) throw new DwcpNodeException("The benchmark's object came back different from what was committed. Look at dwcp_corruption_total and the store.");
            return new BenchmarkResult(kind, $"{SampleBytes >> 20} MiB random, memory to {to} over {sent.Transport}, level {level}, committed, read back, verified",
                sent.UserBytes, sent.Duration.TotalSeconds, sent.BytesPerSecond,
                new Dictionary<string, double> { ["version"] = sent.Version, ["receiveBytesPerSecond"] = received.BytesPerSecond },
                MemoryCopyRate(cancellationToken, out _, out _));
        }
        finally
        {
            await client.DeleteAsync(request, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Copies a buffer larger than the caches for a fifth of a second.</summary>
    private static double MemoryCopyRate(CancellationToken cancellationToken, out long bytes, out double seconds)
    {
        var from = GC.AllocateUninitializedArray<byte>(SampleBytes);
        var to = GC.AllocateUninitializedArray<byte>(SampleBytes);
        from.AsSpan().Fill(1);
        from.CopyTo(to, 0);
        var start = Stopwatch.GetTimestamp();
        bytes = 0;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            from.CopyTo(to, 0);
            bytes += from.Length;
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (seconds < 0.2);
        return bytes / seconds;
    }
}
