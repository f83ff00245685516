using System.Globalization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// Tests "v3's rate of bad requests is at most r0 times v1's at the same time", whatever v1's rate is and however it varies. Given that a bad request
/// happened in a batch with n3 and n1 requests, it is v3's with probability r n3 / (r n3 + n1): the unknown common rate cancels. The e-process is the
/// likelihood ratio of these labels for ratios above r0 against r0, mixed over ratios and start times. Better or equal v3 never rejects.
/// </summary>
/// <remarks>
/// Source: Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022), section 4 (time-inhomogeneous Poisson processes with
/// proportional intensities, reduced to multinomial labels). Requests are Bernoulli, not Poisson; conditionally on the batch's total the labels then vary
/// less than binomial ones, so at rates that are not small the test is conservative.
/// </remarks>
public sealed class ControlRatioTest : IEvidenceTest
{
    /// <summary>Ratios that are looked for, relative to r0. Twice to two hundred times as bad.</summary>
    private static readonly double[] Multiples = [1.33, 2, 3, 5, 8, 15, 40, 150];

    private readonly Func<VersionCounts, (long Observed, long Bad)> _counts;
    private readonly double _ratio;
    private readonly ChangePointMixture _mixture = new([.. Enumerable.Repeat(1d / Multiples.Length, Multiples.Length)]);
    private readonly Dispersion _dispersion3 = new();
    private readonly Dispersion _dispersion1 = new();
    private readonly long[] _totals = new long[4];

    /// <param name="name">Name of the test.</param>
    /// <param name="ratio">r0, the ratio to v1's rate that is still accepted; at least 1.</param>
    /// <param name="alpha">Probability of ever rejecting a ratio within it.</param>
    /// <param name="counts">How to read requests and bad requests of one version.</param>
    public ControlRatioTest(string name, double ratio, double alpha, Func<VersionCounts, (long Observed, long Bad)> counts)
    {
        if (!(ratio >= 1)) throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "The ratio is at least 1.");
        if (alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Alpha is a probability between 0 and 1.");
        Name = name;
        LogThreshold = -Math.Log(alpha);
        _ratio = ratio;
        _counts = counts;
    }

    public string Name { get; }

    public double LogThreshold { get; }

    public double LogEvidence => _mixture.LogValue;

    public long Observations => _totals[0];

    public string Detail => string.Create(CultureInfo.InvariantCulture,
        $"v3 {_totals[1]} of {_totals[0]}, v1 {_totals[3]} of {_totals[2]} at the same time, accepted ratio {_ratio:0.##}");

    public void Observe(EvidenceSample sample)
    {
        if (sample.V1 is not { } control) return;
        var (n3, k3) = _counts(sample.V3);
        var (n1, k1) = _counts(control);
        if (n3 == 0 || n1 == 0) return;
        var dispersion = Math.Max(_dispersion3.Value, _dispersion1.Value);
        Span<double> ratios = stackalloc double[Multiples.Length];
        for (var j = 0; j < Multiples.Length; j++)
            ratios[j] = (k3 * Math.Log(LabelProbability(_ratio * Multiples[j], n3, n1) / LabelProbability(_ratio, n3, n1))
                        + k1 * Math.Log((1 - LabelProbability(_ratio * Multiples[j], n3, n1)) / (1 - LabelProbability(_ratio, n3, n1)))) / dispersion;
        _dispersion3.Observe(n3, k3);
        _dispersion1.Observe(n1, k1);
        _mixture.Observe(ratios);
        _totals[0] += n3;
        _totals[1] += k3;
        _totals[2] += n1;
        _totals[3] += k1;
    }

    public EvidenceState Save()
    {
        var (batches, wealth) = _mixture.Save();
        return new EvidenceState { Batches = batches, LogWealth = wealth, Totals = [.. _totals], Dispersion = [.. _dispersion3.Save(), .. _dispersion1.Save()] };
    }

    public void Restore(EvidenceState state)
    {
        if (state.Totals.Length != _totals.Length) throw new ArgumentException($"The saved evidence of {Name} belongs to a test of another shape.", nameof(state));
        var half = state.Dispersion.Length / 2;
        _dispersion3.Restore(state.Dispersion[..half]);
        _dispersion1.Restore(state.Dispersion[half..]);
        _mixture.Restore(state.Batches, state.LogWealth);
        state.Totals.CopyTo(_totals, 0);
    }

    /// <summary>Lindon and Malek (2022) with two arms: the probability that an event is v3's when its intensity per request is r times v1's.</summary>
    internal static double LabelProbability(double ratio, long n3, long n1) => ratio * n3 / (ratio * n3 + n1);
}
