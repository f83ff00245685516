using System.Globalization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// Tests "at most a share p0 of requests is bad" by the mixture likelihood ratio of Bernoulli counts against shares above p0, mixed over start times.
/// Serves the error rate (bad = failed by the server's fault) and P99 (bad = slower than the limit, p0 = 1 %).
/// </summary>
/// <remarks>
/// For p above p0 the ratio (p/p0)^k ((1-p)/(1-p0))^(n-k) has expectation at most one under every true share up to p0, because its expectation per
/// request, q p/p0 + (1-q)(1-p)/(1-p0), grows with q and is one at q = p0 (Robbins 1970, "Statistical methods related to the law of the iterated
/// logarithm"; Wald 1945). So the limit itself is the worst case, and shares may vary below it.
/// </remarks>
public sealed class RateLimitTest : IEvidenceTest
{
    /// <summary>Alternatives per test: neighbours differ by half in odds, so the nearest one loses under 3 % of the evidence per request.</summary>
    private const int Alternatives = 10;

    private readonly Func<EvidenceSample, (long Observed, long Bad)> _counts;
    private readonly double _limit;
    private readonly double[] _logBad = new double[Alternatives];
    private readonly double[] _logGood = new double[Alternatives];
    private readonly ChangePointMixture _mixture;
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
        for (var j = 0; j < Alternatives; j++)
        {
            var share = AlternativeShare(limit, j);
            _logBad[j] = Math.Log(share / limit);
            _logGood[j] = Math.Log((1 - share) / (1 - limit));
        }
        _mixture = new ChangePointMixture([.. Enumerable.Repeat(1d / Alternatives, Alternatives)]);
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
        var dispersion = _dispersion.Value;
        Span<double> ratios = stackalloc double[Alternatives];
        for (var j = 0; j < Alternatives; j++) ratios[j] = (bad * _logBad[j] + (observed - bad) * _logGood[j]) / dispersion;
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
        if (state.Totals.Length != 2) throw new ArgumentException($"The saved evidence of {Name} belongs to a test of another shape.", nameof(state));
        _dispersion.Restore(state.Dispersion);
        _mixture.Restore(state.Batches, state.LogWealth);
        (_observed, _bad) = (state.Totals[0], state.Totals[1]);
    }

    /// <summary>Shares from 1.7 p0 to 0.5, evenly spaced in log odds. Worse faults than one half are seen within a few requests by the last one.</summary>
    internal static double AlternativeShare(double limit, int j)
    {
        var lowest = LogOdds(Math.Min(1.7 * limit, (1 + limit) / 2));
        var highest = LogOdds(Math.Max(0.5, (1 + limit) / 2));
        var odds = Math.Exp(lowest + (highest - lowest) * j / (Alternatives - 1));
        return odds / (1 + odds);
    }

    private static double LogOdds(double share) => Math.Log(share / (1 - share));
}
