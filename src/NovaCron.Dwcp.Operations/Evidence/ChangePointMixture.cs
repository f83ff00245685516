namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// An e-process for "something changed for the worse at some unknown time": the mixture, over start times s with fixed weights w(s) that sum to one and
/// over alternatives j with prior weights pi(j), of the likelihood ratios of all batches since s. A mixture of e-processes is an e-process, and start
/// times that are still to come contribute their weight times one. After many clean hours it needs only log(1/w(s)) more evidence, where a plain
/// likelihood ratio must first win back everything that the clean hours cost it.
/// </summary>
/// <remarks>
/// Sources: Ville's inequality and mixtures, Ramdas, Grünwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference" (2023),
/// section 3; sums of e-processes over start times, Shin, Ramdas and Rinaldo, "E-detectors" (2023), equation 8; with weights that sum to one the result
/// keeps the false-alarm *probability*, not only the average run length. The recursion over one number per alternative is Shiryaev's.
/// </remarks>
public sealed class ChangePointMixture
{
    /// <summary>
    /// Weight of "from the very beginning". A release that is bad is mostly bad at once: such a fault pays log(1/0.87) = 0.14 nats for all the others
    /// being looked for too.
    /// </summary>
    private const double WeightOfStart = 0.87;

    /// <summary>Weight of the starts of the first minutes, batch t having about t^-1.2 of it: a fault that comes with the first traffic.</summary>
    private const double WeightOfEarly = 0.02;

    private const double EarlyExponent = 0.2;

    /// <summary>
    /// The rest lies almost flat over the first 5,000 batches (42 hours at 30 s) and ends slowly, as (1 + t/5000)^-2: a start after 20 hours costs 11 nats
    /// before neighbouring starts are added up, one after a month 19.
    /// </summary>
    private const double LateScale = 5000;

    private const double LateExponent = 2;

    private readonly double[] _logFirst;
    private readonly double[] _logLater;
    private readonly double[] _logWealth;
    private long _batches;

    /// <param name="first">Weights of the alternatives for the start at the very beginning; positive, summing to one.</param>
    /// <param name="later">The same for all other starts; null: as <paramref name="first"/>.</param>
    public ChangePointMixture(IReadOnlyList<double> first, IReadOnlyList<double>? later = null)
    {
        later ??= first;
        if (later.Count != first.Count) throw new ArgumentException("Both sets of weights are about the same alternatives.", nameof(later));
        foreach (var prior in new[] { first, later })
            if (prior.Count == 0 || prior.Any(weight => weight <= 0) || Math.Abs(prior.Sum() - 1) > 1e-9)
                throw new ArgumentException("The weights of the alternatives must be positive and sum to one.", nameof(first));
        _logFirst = [.. first.Select(weight => Math.Log(weight))];
        _logLater = [.. later.Select(weight => Math.Log(weight))];
        _logWealth = [.. Enumerable.Repeat(double.NegativeInfinity, first.Count)];
    }

    public int Alternatives => _logWealth.Length;

    public long Batches => _batches;

    /// <summary>Natural logarithm of the e-value.</summary>
    public double LogValue
    {
        get
        {
            var value = LogOfUnstarted(_batches);
            foreach (var wealth in _logWealth) value = LogAdd(value, wealth);
            return value;
        }
    }

    /// <summary>Multiplies every started alternative by its likelihood ratio of the batch, the starts at this very batch included.</summary>
    /// <param name="logRatios">Log likelihood ratio of the batch under each alternative, against the worst case of the null hypothesis.</param>
    public void Observe(ReadOnlySpan<double> logRatios)
    {
        if (logRatios.Length != _logWealth.Length) throw new ArgumentException("One ratio per alternative is needed.", nameof(logRatios));
        var logStart = LogWeightOfStart(_batches);
        var prior = _batches == 0 ? _logFirst : _logLater;
        for (var j = 0; j < _logWealth.Length; j++) _logWealth[j] = LogAdd(_logWealth[j], logStart + prior[j]) + logRatios[j];
        _batches++;
    }

    public (long Batches, double[] LogWealth) Save() => (_batches, [.. _logWealth]);

    public void Restore(long batches, IReadOnlyList<double> logWealth)
    {
        if (logWealth.Count != _logWealth.Length || batches < 0 || logWealth.Any(double.IsNaN))
            throw new ArgumentException("The saved evidence belongs to a test of another shape.", nameof(logWealth));
        _batches = batches;
        for (var j = 0; j < _logWealth.Length; j++) _logWealth[j] = logWealth[j];
    }

    /// <summary>log w(t): the weight of the start at batch t, counted from 0.</summary>
    internal static double LogWeightOfStart(long t) => t == 0 ? Math.Log(WeightOfStart) : Math.Log(Unstarted(t) - Unstarted(t + 1));

    /// <summary>log of the weight of all starts at batch t or later.</summary>
    internal static double LogOfUnstarted(long t) => Math.Log(Unstarted(t));

    private static double Unstarted(long t) => t == 0
        ? 1
        : WeightOfEarly * Math.Pow(t, -EarlyExponent) + (1 - WeightOfStart - WeightOfEarly) * Math.Pow(1 + (t - 1) / LateScale, -LateExponent);

    /// <summary>log(exp(a) + exp(b)) without overflow.</summary>
    internal static double LogAdd(double a, double b)
    {
        var larger = Math.Max(a, b);
        return double.IsNegativeInfinity(larger) ? larger : larger + Math.Log(1 + Math.Exp(Math.Min(a, b) - larger));
    }
}
