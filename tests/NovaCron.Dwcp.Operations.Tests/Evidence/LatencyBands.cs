using NovaCron.Dwcp.Operations.Evidence;

namespace NovaCron.Dwcp.Operations.Tests.Evidence;

/// <summary>
/// The comparison of two latency distributions by confidence bands that hold at all times: Howard and Ramdas, "Sequential estimation of quantiles with
/// applications to A/B testing and best-arm identification" (Bernoulli 2022), theorem 2 with A = 0.85 and C = 0.8 log(1612 / alpha). It is told what a
/// histogram does not know, the exact share of v1's requests beyond the bound over the margin.
/// </summary>
internal sealed class LatencyBands(double alpha)
{
    private long _n3;
    private long _n1;
    private readonly Dictionary<double, (long Slow3, long Slow1)> _slow = [];

    /// <summary>At some bound v3's lower band lies above v1's upper one.</summary>
    public bool Rejects => _slow.Values.Any(count => (double)count.Slow3 / _n3 - Width(_n3) > (double)count.Slow1 / _n1 + Width(_n1));

    /// <param name="v3">v3's requests.</param>
    /// <param name="v1Stretched">v1's requests, each as long as accepted.</param>
    /// <param name="lowest">Lowest bound that is compared.</param>
    public void Observe(LatencyCounts v3, LatencyCounts v1Stretched, double lowest)
    {
        _n3 += v3.Total;
        _n1 += v1Stretched.Total;
        foreach (var bound in v3.Bounds.Where(bound => double.IsFinite(bound) && bound >= lowest))
        {
            var (slow3, slow1) = _slow.GetValueOrDefault(bound);
            _slow[bound] = (slow3 + (v3.SlowerThan(bound) ?? 0), slow1 + (v1Stretched.SlowerThan(bound) ?? 0));
        }
    }

    private double Width(long n) => 0.85 * Math.Sqrt((Math.Log(Math.Log(Math.E * n)) + 0.8 * Math.Log(1612 / (alpha / 2))) / n);
}
