namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>What an emulated link does to packets, in both directions alike.</summary>
internal sealed record LinkSettings
{
    /// <summary>Bits per second of the bottleneck, counted over whole IP packets.</summary>
    public required double Rate { get; init; }

    /// <summary>Both ways together, without queue.</summary>
    public required TimeSpan RoundTrip { get; init; }

    /// <summary>Share of packets lost behind the bottleneck, at random: they have used their time on it.</summary>
    public double Loss { get; init; }

    /// <summary>Mean length of a run of losses (Gilbert's model); 1 for independent ones.</summary>
    public double BurstLength { get; init; } = 1;

    /// <summary>Queue before the bottleneck, in bandwidth-delay products of the link.</summary>
    public double Buffer { get; init; } = 1;

    /// <summary>A token bucket of this many bytes drops what exceeds the rate, instead of a queue.</summary>
    public double? PolicerBurst { get; init; }

    /// <summary>Factor on the rate by seconds since the clock of the link was started; 0 loses everything.</summary>
    public Func<double, double>? RateAt { get; init; }

    /// <summary>Whether UDP passes, by seconds since the clock was started.</summary>
    public Func<double, bool>? UdpPasses { get; init; }

    /// <summary>Number of times that a NAT between the ends has given UDP other ports, by seconds since the clock was started.</summary>
    public Func<double, int>? Rebindings { get; init; }

    /// <summary>Seeds the losses.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Bytes in flight that fill the path.</summary>
    public double BandwidthDelay => Rate / 8 * RoundTrip.TotalSeconds;
}
