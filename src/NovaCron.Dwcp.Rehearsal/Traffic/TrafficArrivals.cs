namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>How requests are spaced in time.</summary>
public enum TrafficArrivals
{
    /// <summary>One every 1/rate seconds.</summary>
    Fixed,

    /// <summary>Exponential gaps (a Poisson process): the bursts and lulls of independent clients.</summary>
    Poisson,
}
