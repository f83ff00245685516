namespace NovaCron.Dwcp.Transport.Tests.Congestion.Simulation;

/// <summary>A bottleneck: one rate, one FIFO buffer, loss of its own, and possibly a policer in front.</summary>
public sealed record SimulatedLink
{
    /// <summary>Bytes per second; may change with <see cref="RateAt"/>.</summary>
    public required double Rate { get; init; }

    /// <summary>Bytes that wait at most.</summary>
    public required long Buffer { get; init; }

    /// <summary>Share of packets lost at random, 0 to 1, after the bottleneck (as a radio or a dirty fibre does).</summary>
    public double Loss { get; init; }

    /// <summary>Mean packets lost in a row; 1 is independent loss, more is a Gilbert-Elliott burst.</summary>
    public double BurstLength { get; init; } = 1;

    /// <summary>The rate as a function of time in nanoseconds; null for a constant one. 0 is a blackout.</summary>
    public Func<long, double>? RateAt { get; init; }

    /// <summary>Nanoseconds, once in every 100 ms, for which the senders' machine is busy: acknowledgements that come meanwhile are taken one after another when it is over.</summary>
    public long Stall { get; init; }

    /// <summary>Token bucket in front of the buffer in bytes; 0 for none. It fills at <see cref="PolicedRate"/>.</summary>
    public long PolicerBurst { get; init; }

    /// <summary>Bytes per second that the policer lets through.</summary>
    public double PolicedRate { get; init; }
}
