using System.Globalization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// Tests "at most a share p0 of requests is bad" by the mixture likelihood ratio of Bernoulli counts against shares above p0, mixed over start times.
/// Serves the error rate (bad = failed by the server's fault) and P99 (bad = slower than the limit, p0 = 1 %).
/// </summary>
/// <remarks>
/// <para>For p above p0 the ratio (p/p0)^k ((1-p)/(1-p0))^(n-k) has expectation at most one under every true share up to p0, because its expectation per
/// request, q p/p0 + (1-q)(1-p)/(1-p0), grows with q and is one at q = p0 (Robbins 1970, "Statistical methods related to the law of the iterated
/// logarithm"; Wald 1945). So the limit itself is the worst case, and shares may vary below it.</para>
/// <para>Bad requests of sticky clients come in clusters. With clusters of geometric size and mean m, one begun by a request with probability c = p0/m,
/// the sum's generating function is (1 + c (M(t) - 1))^n, M(t) = e^t / (m - (m-1) e^t): the Pólya-Aeppli law of Johnson, Kemp and Kotz, "Univariate
/// discrete distributions" (2005), section 9.7, with binomial instead of Poisson cluster counts. So e^(t k) over it has expectation one at the limit, for
/// every tilt t; the tilt of an alternative is the one under which the mean share is its own (Esscher). At m = 1 this is exactly the ratio above.
/// m is half of one more than the dispersion that was known before the batch.</para>
/// </remarks>
public sealed class RateLimitTest : IEvidenceTest
{
    /// <summary>
    /// Weights of the alternatives for a fault from the start, found by random search such that 2, 3, 5, 10 and 30 % errors against a limit of 1 % are all
    /// seen as early as possible relative to the goals of docs/rollout.md. Small faults need most requests, so they get most weight.
    /// </summary>
    private static readonly double[] FirstWeights = [0.330, 0.190, 0.200, 0.130, 0.055, 0.030, 0.030, 0.035];

    private static readonly int Alternatives = FirstWeights.Length;

    /// <summary>For a later fault: the price of "when" is paid once, and weighs most where few requests decide. From first to last one nat more.</summary>
    private static readonly double[] LaterWeights = Normalise([.. Enumerable.Range(0, FirstWeights.Length).Select(j => Math.Exp((double)j / (FirstWeights.Length - 1)))]);

    private readonly Func<EvidenceSample, (long Observed, long Bad)> _counts;
    private readonly double _limit;
    private readonly double[] _shares = new double[Alternatives];
    private readonly ChangePointMixture _mixture = new(FirstWeights, LaterWeights);
    private readonly Dispersion _dispersion = new();
    private long _observed;
    private long _bad;

    /// <param name="name">Name of the test.</param>
    /// <param name="limit">p0, a share in (0, 1).</param>
    /// <param name="alpha">Probability of ever rejecting a share within the limit.</param>
    /// <param name="counts">How to read requests and bad requests out of a sample.</param>
    public RateLimitTest(string name, double limit, double alpha, Func<EvidenceSample, (long Observed, long Bad)> counts)
    {
        if (limit is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit is a share between 0 and 1.");
        if (alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Alpha is a probability between 0 and 1.");
        Name = name;
        LogThreshold = -Math.Log(alpha);
        _limit = limit;
        _counts = counts;
        for (var j = 0; j < Alternatives; j++) _shares[j] = AlternativeShare(limit, j);
    }

    public string Name { get; }

    public double LogThreshold { get; }

    public double LogEvidence => _mixture.LogValue;

    public long Observations => _observed;

    public string Detail => string.Create(CultureInfo.InvariantCulture,
        $"{_bad} of {_observed} requests ({(_observed == 0 ? 0 : 100d * _bad / _observed):0.##} %), limit {100 * _limit:0.##} %");

    public void Observe(EvidenceSample sample)
    {
        var (observed, bad) = _counts(sample);
        if (bad < 0 || bad > observed) throw new ArgumentException($"{Name}: {bad} bad of {observed} requests is no count.", nameof(sample));
        if (observed == 0) return;
        var size = (1 + _dispersion.Value(sample.WholeCheck(observed))) / 2;
        Span<double> ratios = stackalloc double[Alternatives];
        for (var j = 0; j < Alternatives; j++) ratios[j] = LogRatio(_limit, _shares[j], size, observed, bad);
        _dispersion.Observe(observed, bad);
        _mixture.Observe(ratios);
        _observed += observed;
        _bad += bad;
    }

    public EvidenceState Save()
    {
        var (batches, wealth) = _mixture.Save();
        return new EvidenceState { Batches = batches, LogWealth = wealth, Totals = [_observed, _bad], Dispersion = _dispersion.Save() };
    }

    public void Restore(EvidenceState state)
    {
        if (state.Version != EvidenceState.CurrentVersion || state.Totals.Length != 2) throw new ArgumentException($"The saved evidence of {Name} belongs to a test of another shape.", nameof(state));
        _dispersion.Restore(state.Dispersion);
        _mixture.Restore(state.Batches, state.LogWealth);
        (_observed, _bad) = (state.Totals[0], state.Totals[1]);
    }

    /// <summary>The logarithm of the e-value of one batch; see the remarks of the class.</summary>
    /// <param name="limit">p0.</param>
    /// <param name="share">Mean share under the tilt.</param>
    /// <param name="size">m, the mean size of a cluster; at least 1.</param>
    /// <param name="observed">n.</param>
    /// <param name="bad">k.</param>
    internal static double LogRatio(double limit, double share, double size, long observed, long bad)
    {
        // With x = e^t, a = 1 - 1/m: share (1 + c(M-1)) = c M' becomes a quadratic equation in x; its smaller root lies below the pole of M at 1/a.
        var a = 1 - 1 / size;
        var c = limit / size;
        var square = share * a * (size * a * (1 - c) - c);
        var linear = -2 * share * (1 - c) * size * a - c * (1 - share);
        var constant = share * (1 - c) * size;
        var x = 2 * constant / (-linear + Math.Sqrt(Math.Max(0, linear * linear - 4 * square * constant)));
        return bad * Math.Log(x) - observed * Math.Log(1 + c * (x / (size * (1 - a * x)) - 1));
    }

    /// <summary>Shares from 1.8 p0 to 0.45, evenly spaced in log odds. Worse faults are seen within a few requests by the last one.</summary>
    internal static double AlternativeShare(double limit, int j)
    {
        var lowest = LogOdds(Math.Min(1.8 * limit, (1 + limit) / 2));
        var highest = LogOdds(limit < 0.2 ? 0.45 : (2 + limit) / 3);
        var odds = Math.Exp(lowest + (highest - lowest) * j / (Alternatives - 1));
        return odds / (1 + odds);
    }

    private static double[] Normalise(double[] weights)
    {
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    private static double LogOdds(double share) => Math.Log(share / (1 - share));
}
