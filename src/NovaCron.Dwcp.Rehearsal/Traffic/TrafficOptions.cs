using System.Security.Cryptography.X509Certificates;

namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>What a <see cref="TrafficGenerator"/> sends, to whom, how often and as whom.</summary>
public sealed record TrafficOptions
{
    /// <summary>Where objects go: <c>dwcp://host:port/prefix</c>. Every request writes one object of its own below the prefix.</summary>
    public required Uri Target { get; init; }

    /// <summary>API key of the principal that the traffic belongs to. Never logged, never part of a snapshot.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Certificates that the node's certificate must chain to.</summary>
    public required X509Certificate2Collection TrustedCertificates { get; init; }

    /// <summary>Name that the node's certificate must carry.</summary>
    public string ServerName { get; init; } = "dwcp-v3";

    /// <summary>Requests (whole transfers) per second, above 0. Can be changed while running.</summary>
    public double Rate { get; init; } = 20;

    /// <summary>Spacing of the requests.</summary>
    public TrafficArrivals Arrivals { get; init; } = TrafficArrivals.Fixed;

    /// <summary>Number of distinct client ids. Each keeps its bucket, so it stays on its side of the traffic split.</summary>
    public int ClientCount { get; init; } = 1000;

    /// <summary>Share of the clients, 0..1, that speak v1 only and so stay on v1 at any percent.</summary>
    public double V1OnlyShare { get; init; }

    /// <summary>Seed of client ids, payloads, sizes and arrival times: the same seed sends the same bytes.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Distribution of payload sizes.</summary>
    public IReadOnlyList<PayloadSize> PayloadSizes { get; init; } =
        [new(1 * 1024, 8 * 1024, 0.7), new(8 * 1024, 64 * 1024, 0.25), new(64 * 1024, 256 * 1024, 0.05)];

    /// <summary>A request that is not acknowledged within this time, retries included, is lost (design.md: 10 s).</summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection, handshake included, may take before the attempt counts as failed.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Attempts with v3 allowed before a retry offers v1 only, at least 1: what a careful client does when v3 keeps failing.</summary>
    public int AttemptsBeforeV1 { get; init; } = 2;

    /// <summary>True sends through kept sessions; false opens one for each request, so that each meets the traffic split anew.</summary>
    public bool ReuseSessions { get; init; }

    /// <summary>Share of acknowledged objects, 0..1, that are read back at once, while traffic goes on.</summary>
    public double ReadBackShare { get; init; } = 0.05;

    /// <summary>Most requests under way at once, retries included. Reaching it delays new ones, and is counted.</summary>
    public int MaximumConcurrency { get; init; } = 128;

    /// <summary>Objects read back at once at the end, at least 1.</summary>
    public int VerifyConcurrency { get; init; } = 8;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Target);
        if (Target.Scheme != "dwcp") throw new ArgumentException($"Target must be dwcp://host:port/path, but is {Target}.", nameof(Target));
        ArgumentException.ThrowIfNullOrEmpty(ApiKey);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ClientCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptsBeforeV1, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaximumConcurrency);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(VerifyConcurrency);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LostAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectTimeout, TimeSpan.Zero);
        ThrowIfNotRate(Rate);
        ThrowIfNotShare(V1OnlyShare, nameof(V1OnlyShare));
        ThrowIfNotShare(ReadBackShare, nameof(ReadBackShare));
        if (PayloadSizes.Count == 0 || PayloadSizes.Any(size => size.MinimumBytes < 0 || size.MaximumBytes < size.MinimumBytes || !(size.Weight > 0)))
            throw new ArgumentException("PayloadSizes needs at least one step with 0 <= minimum <= maximum and a weight above 0.", nameof(PayloadSizes));
    }

    internal static void ThrowIfNotRate(double rate)
    {
        if (!(rate > 0 && rate <= 10_000)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "The rate is in requests per second, above 0 and at most 10000.");
    }

    private static void ThrowIfNotShare(double share, string name)
    {
        if (!(share is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(name, share, "A share is between 0 and 1.");
    }
}
