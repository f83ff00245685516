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
    /// Weight of "from the very beginning". A release that is bad is mostly bad at once: such a fault then pays log(1/0.75) = 0.3 nats for the mixture, a
    /// later one log 4 = 1.4 nats more than it would without (5 requests of a 30 % fault).
    /// </summary>
    private const double WeightOfStart = 0.75;

    /// <summary>
    /// Exponent of the tail of the later start times: the weight of all starts after batch t is t^-0.2 / 4. Heavy enough that batch 2,400 (20 hours at
    /// 30 s) costs 12.3 nats before neighbouring starts are added up; lighter tails favour the first minutes, heavier ones the first weeks.
    /// </summary>
    private const double TailExponent = 0.2;

    private readonly double[] _logPrior;
    private readonly double[] _logWealth;
    private long _batches;

    /// <param name="prior">Weights of the alternatives; positive, summing to one.</param>
    public ChangePointMixture(IReadOnlyList<double> prior)
    {
        if (prior.Count == 0 || prior.Any(weight => weight <= 0) || Math.Abs(prior.Sum() - 1) > 1e-9)
            throw new ArgumentException("The weights of the alternatives must be positive and sum to one.", nameof(prior));
        _logPrior = [.. prior.Select(weight => Math.Log(weight))];
        _logWealth = [.. Enumerable.Repeat(double.NegativeInfinity, prior.Count)];
    }

    public int Alternatives => _logPrior.Length;

    public long Batches => _batches;

    /// <summary>Natural logarithm of the e-value.</summary>
    public double LogValue
    {
        get
        {
            var value = LogOfUnstarted(_batches);
            for (var j = 0; j < _logWealth.Length; j++) value = LogAdd(value, _logPrior[j] + _logWealth[j]);
            return value;
        }
    }

    /// <summary>Multiplies every started alternative by its likelihood ratio of the batch, the starts at this very batch included.</summary>
    /// <param name="logRatios">Log likelihood ratio of the batch under each alternative, against the worst case of the null hypothesis.</param>
    public void Observe(ReadOnlySpan<double> logRatios)
    {
        if (logRatios.Length != _logWealth.Length) throw new ArgumentException("One ratio per alternative is needed.", nameof(logRatios));
        var logStart = LogWeightOfStart(_batches);
        for (var j = 0; j < _logWealth.Length; j++) _logWealth[j] = LogAdd(_logWealth[j], logStart) + logRatios[j];
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
    internal static double LogWeightOfStart(long t) =>
        t == 0 ? Math.Log(WeightOfStart) : Math.Log((1 - WeightOfStart) * (Math.Pow(t, -TailExponent) - Math.Pow(t + 1, -TailExponent)));

    /// <summary>log of the weight of all starts at batch t or later.</summary>
    internal static double LogOfUnstarted(long t) => t == 0 ? 0 : Math.Log(1 - WeightOfStart) - TailExponent * Math.Log(t);

    /// <summary>log(exp(a) + exp(b)) without overflow.</summary>
    internal static double LogAdd(double a, double b)
    {
        var larger = Math.Max(a, b);
        return double.IsNegativeInfinity(larger) ? larger : larger + Math.Log(1 + Math.Exp(Math.Min(a, b) - larger));
    }
}
