namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>A latency histogram of one version between two checks.</summary>
/// <param name="Bounds">Upper bounds in seconds, ascending, the last one infinite.</param>
/// <param name="Cumulative">Requests at most as slow as the bound of the same index.</param>
public sealed record LatencyCounts(IReadOnlyList<double> Bounds, IReadOnlyList<long> Cumulative)
{
    /// <summary>All requests of the histogram.</summary>
    public long Total => Cumulative.Count == 0 ? 0 : Cumulative[^1];

    /// <summary>Requests slower than the bound; null when there is no such bound.</summary>
    public long? SlowerThan(double bound)
    {
        for (var i = 0; i < Bounds.Count; i++)
            if (Math.Abs(Bounds[i] - bound) <= 1e-9 * bound) return Total - Cumulative[i];
        return null;
    }
}
