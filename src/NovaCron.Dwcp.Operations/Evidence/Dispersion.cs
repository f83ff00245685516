namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// How much more bad requests come in clusters than independent ones would: the variance of neighbouring blocks' shares over its binomial value, 1 for
/// independent requests and about the mean square over the mean of the cluster size else. Measured on blocks of 1, 4, 16, 64 and 256 batches, because a
/// sticky client's errors may lie seconds or minutes apart; the largest counts.
/// </summary>
/// <remarks>
/// Neighbours are compared (the Allan variance, von Neumann 1941), so a fault that comes and stays adds one difference and is not taken for a cluster.
/// What one pair may say is bounded twice, in weight and in size relative to what is known: the pair that spans the begin of a fault would else hide it.
/// </remarks>
public sealed class Dispersion
{
    private const int Scales = 5;

    private const int Ratio = 4;

    /// <summary>Weight of what is assumed before anything was seen, in bad requests.</summary>
    private const double PriorWeight = 40;

    /// <summary>
    /// What is assumed before anything was seen: requests of one batch come from a few clients, and two of the same client have something in common.
    /// From the eleventh request of a batch on each adds this much, up to <see cref="LargestAssumed"/>, about what clients make that fail five times in a row.
    /// </summary>
    private const double AssumedPerRequest = 0.05;

    private const double LargestAssumed = 8;

    private const long IndependentRequests = 10;

    /// <summary>Largest contribution of one pair of blocks, in multiples of the dispersion that is known by then.</summary>
    private const double LargestPair = 8;

    /// <summary>Largest weight of one pair, in bad requests: more of them make its statistic no more certain.</summary>
    private const double LargestWeight = 2;

    /// <summary>Standard errors by which the estimate is lowered, so that the noise of few errors is not taken for clusters.</summary>
    private const double Caution = 3;

    /// <summary>Bad requests after which older ones begin to be forgotten, so that the measure follows the traffic of the day.</summary>
    private const double Memory = 2000;

    private const int Fields = 8;

    /// <summary>Per scale: blocks' batches so far, requests, bad; the same two of the block before; numerator, weight, sum of squared weights.</summary>
    private readonly double[] _state = new double[Scales * Fields];

    /// <summary>The dispersion of a batch of so many requests in the usual time between checks; at least 1.</summary>
    public double Value(long requests)
    {
        var assumed = Math.Clamp(1 + (requests - IndependentRequests) * AssumedPerRequest, 1, LargestAssumed);
        var largest = 1d;
        for (var scale = 0; scale < Scales; scale++)
        {
            var at = _state.AsSpan(scale * Fields, Fields);
            // Blocks of many batches fill slowly, so the assumption lasts there: a client's errors may lie hours apart, and a day without is no proof. Assumed
            // for single batches only, a third of days with 1 % errors of 1,000 clients at 5 requests a second were rejected.
            largest = Math.Max(largest, (at[5] + PriorWeight * assumed - Caution * Math.Sqrt(2 * at[7])) / (at[6] + PriorWeight));
        }
        return largest;
    }

    public void Observe(long requests, long bad)
    {
        var block = 1L;
        for (var scale = 0; scale < Scales; scale++, block *= Ratio)
        {
            var at = _state.AsSpan(scale * Fields, Fields);
            at[0]++;
            at[1] += requests;
            at[2] += bad;
            if (at[0] < block) continue;
            if (at[3] > 0 && at[2] + at[4] > 0) AddPair(at);
            (at[3], at[4]) = (at[1], at[2]);
            at[..3].Clear();
        }
    }

    public double[] Save() => [.. _state];

    public void Restore(IReadOnlyList<double> state)
    {
        if (state.Count != _state.Length) throw new ArgumentException("The saved dispersion has another shape.", nameof(state));
        for (var i = 0; i < _state.Length; i++) _state[i] = state[i];
    }

    /// <summary>Squared difference of two shares over its binomial variance: chi-square with one degree of freedom for independent requests.</summary>
    internal static double PairStatistic(double n1, double k1, double n2, double k2)
    {
        var share = (k1 + k2) / (n1 + n2);
        if (share >= 1) return 0;
        var difference = k1 / n1 - k2 / n2;
        return difference * difference / (share * (1 - share) * (1 / n1 + 1 / n2));
    }

    private static void AddPair(Span<double> at)
    {
        var weight = Math.Min(at[2] + at[4], LargestWeight);
        var known = Math.Max(1, (at[5] + PriorWeight) / (at[6] + PriorWeight));
        at[5] += weight * Math.Min(PairStatistic(at[1], at[2], at[3], at[4]), LargestPair * known);
        at[6] += weight;
        at[7] += weight * weight;
        if (at[6] <= Memory) return;
        var keep = Memory / at[6];
        at[5] *= keep;
        at[6] *= keep;
        at[7] *= keep * keep;
    }
}
