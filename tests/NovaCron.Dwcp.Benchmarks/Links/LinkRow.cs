namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>A row of the table: a link, and what is asked of it.</summary>
/// <param name="Name">How the command line names it.</param>
/// <param name="Settings">The link.</param>
/// <param name="Goal">For people.</param>
internal sealed record LinkRow(string Name, LinkSettings Settings, string Goal)
{
    /// <summary>Beside what runs: how many threads keep the processors busy, per processor.</summary>
    public int BusyThreads { get; init; }

    /// <summary>Seconds of the link's clock at which what it does to the link is over, or null when it does nothing.</summary>
    public double? DisturbedFrom { get; init; }

    /// <summary>When the disturbance ends.</summary>
    public double? DisturbedUntil { get; init; }

    /// <summary>iperf3's TCP streams to compare with; 1 but for rows that fall back to TCP.</summary>
    public int PeerStreams { get; init; } = 1;

    /// <summary>Seconds that it needs at least.</summary>
    public int LeastSeconds { get; init; }

    private static TimeSpan Milliseconds(double value) => TimeSpan.FromMilliseconds(value);

    private static LinkSettings Link(double megabits, double milliseconds, double loss = 0) => new() { Rate = megabits * 1e6, RoundTrip = Milliseconds(milliseconds), Loss = loss };

    /// <summary>The rows that send one incompressible file.</summary>
    public static IReadOnlyList<LinkRow> Files { get; } =
    [
        new("loss0", Link(100, 100), "97 % of the ceiling, 0.98 x BBR"),
        new("loss1", Link(100, 100, 0.01), "95 % of the ceiling, 0.98 x BBR"),
        new("loss5", Link(100, 100, 0.05), "92 % of the ceiling, 0.98 x BBR"),
        new("fast", Link(500, 50, 0.01), "92 % of the ceiling"),
        new("satellite", Link(20, 300, 0.02) with { BurstLength = 4 }, "85 % of the ceiling"),
        new("shallow", Link(100, 100) with { Buffer = 0.1 }, "85 %, 5 % sent again"),
        new("policer", Link(100, 100) with { PolicerBurst = 500_000 }, "85 %, 5 % sent again"),
        new("deep", Link(100, 100) with { Buffer = 4 }, "standing queue within 50 ms"),
        new("load", Link(100, 100, 0.01), "BBR's rate under equal load") { BusyThreads = 2 },
        new("drop", Link(100, 100) with { RateAt = t => t is > 10 and < 20 ? 0.1 : 1 }, "full rate within 5 s") { DisturbedFrom = 10, DisturbedUntil = 20, LeastSeconds = 30 },
        new("blackout", Link(100, 100, 0.01) with { RateAt = t => t is > 10 and < 40 ? 0 : 1 }, "no failure, full rate within 5 s")
        { DisturbedFrom = 10, DisturbedUntil = 40, LeastSeconds = 50 },
        new("rebinding", Link(100, 100, 0.01) with { Rebindings = t => (int)(t / 8) }, "no failure, full rate within 5 s") { DisturbedFrom = 8, DisturbedUntil = 8, LeastSeconds = 20 },
        new("blocked", Link(100, 100, 0.01) with { UdpPasses = _ => false }, "0.9 x as many TCP streams") { PeerStreams = 8 },
        new("blocking", Link(100, 100, 0.01) with { UdpPasses = t => t is < 10 or > 70 }, "no failure, 0.9 x as many TCP streams") { DisturbedFrom = 10, DisturbedUntil = 20, LeastSeconds = 30, PeerStreams = 8 },
    ];
}
