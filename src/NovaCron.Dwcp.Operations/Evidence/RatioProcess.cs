namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// The e-process behind every comparison of two arms: events that happen in both, at a common unknown rate that may vary as it likes. Given that an event
/// happened in a batch with n3 and n1 trials, it is the first arm's with probability r n3 / (r n3 + n1), r being the accepted ratio of the two rates: the
/// common rate cancels. The likelihood ratio of these labels for larger ratios against r is mixed over ratios and start times.
/// </summary>
/// <remarks>
/// Source: Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022), section 4 (time-inhomogeneous Poisson processes with
/// proportional intensities, reduced to multinomial labels). Requests are Bernoulli, not Poisson; conditionally on the batch's total the labels then vary
/// less than binomial ones, so at rates that are not small the test is conservative. The evidence of a batch is divided by the dispersion that was known
/// before it: a likelihood ratio to a power of at most one still has expectation at most one (Jensen).
/// </remarks>
internal sealed class RatioProcess
{
    /// <summary>Ratios that are looked for, relative to the accepted one. A third more to a hundred and fifty times.</summary>
    private static readonly double[] Multiples = [1.33, 2, 3, 5, 8, 15, 40, 150];

    private static readonly double[] Weights = [.. Enumerable.Repeat(1d / Multiples.Length, Multiples.Length)];

    private readonly ChangePointMixture _mixture = new(Weights);
    private readonly Dispersion _dispersion3 = new();
    private readonly Dispersion _dispersion1 = new();
    private readonly long[] _totals = new long[4];

    public double LogValue => _mixture.LogValue;

    /// <summary>Trials and events of the first arm, then of the second.</summary>
    public IReadOnlyList<long> Totals => _totals;

    /// <summary>Takes a batch into account; one without trials in either arm says nothing.</summary>
    /// <param name="n3">Trials of the arm that is judged.</param>
    /// <param name="k3">Its events.</param>
    /// <param name="n1">Trials of the control.</param>
    /// <param name="k1">Its events.</param>
    /// <param name="ratio">The accepted ratio of the rates for this batch, chosen before the batch was seen.</param>
    /// <param name="slice">Part of the usual time between checks that the batch covers; see <see cref="EvidenceSample.Slice"/>.</param>
    public void Observe(long n3, long k3, long n1, long k1, double ratio, double slice = 1)
    {
        if (n3 == 0 || n1 == 0) return;
        var dispersion = Math.Max(_dispersion3.Value((long)Math.Ceiling(n3 / slice)), _dispersion1.Value((long)Math.Ceiling(n1 / slice)));
        Span<double> ratios = stackalloc double[Multiples.Length];
        var accepted = LabelProbability(ratio, n3, n1);
        for (var j = 0; j < Multiples.Length; j++)
        {
            var alternative = LabelProbability(ratio * Multiples[j], n3, n1);
            ratios[j] = (k3 * Math.Log(alternative / accepted) + k1 * Math.Log((1 - alternative) / (1 - accepted))) / dispersion;
        }
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

    /// <exception cref="ArgumentException">The state belongs to a process of another shape.</exception>
    public void Restore(EvidenceState state)
    {
        if (state.Version != EvidenceState.CurrentVersion || state.Totals.Length != _totals.Length)
            throw new ArgumentException("The saved evidence belongs to a test of another shape.", nameof(state));
        var half = state.Dispersion.Length / 2;
        _dispersion3.Restore(state.Dispersion[..half]);
        _dispersion1.Restore(state.Dispersion[half..]);
        _mixture.Restore(state.Batches, state.LogWealth);
        state.Totals.CopyTo(_totals, 0);
    }

    /// <summary>Lindon and Malek (2022) with two arms: the probability that an event is the first arm's when its rate per trial is r times the other's.</summary>
    internal static double LabelProbability(double ratio, long n3, long n1) => ratio * n3 / (ratio * n3 + n1);
}
