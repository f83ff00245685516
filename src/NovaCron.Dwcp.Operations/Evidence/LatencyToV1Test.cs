using System.Globalization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// Tests "v3's latencies are at most so much longer than v1's at the same time", over the tail of the distribution: at every histogram bound from a lowest
/// one upwards, the share of slower requests of v3 is compared with v1's. The average of these e-processes is an e-process, so no probability is spent on
/// having looked at several bounds. A faster v3 never rejects.
/// </summary>
/// <remarks>
/// <para>Compared with the confidence bands of Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm
/// identification" (Bernoulli 2022), which hold for one distribution that never changes, this follows a v1 whose latencies vary over the day, and sees a v3
/// that becomes slow after days without first having to win back these days.</para>
/// <para>A histogram does not tell how many of v1's requests would be slower than b if all took m times as long. Between two neighbouring bounds its tail is
/// taken as a power law, so that share is S(b) (S(a)/S(b))^(ln m / ln(b/a)), from v1's counts before the batch.</para>
/// </remarks>
public sealed class LatencyToV1Test : IEvidenceTest
{
    /// <summary>Requests of v1 that must have been timed before its tail is believed to be known.</summary>
    private const long EnoughControl = 200;

    /// <summary>Where v1 has no tail to speak of, its share is not stretched further than this.</summary>
    private const double LargestStretch = 3;

    private readonly double _margin;
    private readonly double _lowest;
    private double[] _bounds = [];
    private RatioProcess[] _processes = [];
    private long[] _slowerV1 = [];
    private long _timedV1;

    /// <param name="name">Name of the test.</param>
    /// <param name="margin">How many times as long v3 may take; above 1.</param>
    /// <param name="lowest">Lowest bound in seconds that is compared: differences below it are no reason to roll back.</param>
    /// <param name="alpha">Probability of ever rejecting a v3 within the margin.</param>
    public LatencyToV1Test(string name, double margin, double lowest, double alpha)
    {
        if (!(margin > 1)) throw new ArgumentOutOfRangeException(nameof(margin), margin, "The margin is above 1.");
        if (alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Alpha is a probability between 0 and 1.");
        (Name, LogThreshold, _margin, _lowest) = (name, -Math.Log(alpha), margin, lowest);
    }

    public string Name { get; }

    public double LogThreshold { get; }

    public double LogEvidence
    {
        get
        {
            if (_processes.Length == 0) return 0;
            var sum = double.NegativeInfinity;
            foreach (var process in _processes) sum = ChangePointMixture.LogAdd(sum, process.LogValue);
            return sum - Math.Log(_processes.Length);
        }
    }

    public long Observations => _processes.Length == 0 ? 0 : _processes[0].Totals[0];

    public string Detail
    {
        get
        {
            if (_processes.Length == 0) return "v1 and v3 have not been compared yet";
            var at = Array.IndexOf(_processes, _processes.MaxBy(process => process.LogValue)!);
            var totals = _processes[at].Totals;
            return string.Create(CultureInfo.InvariantCulture,
                $"slower than {1000 * _bounds[at]:0.###} ms: v3 {totals[1]} of {totals[0]}, v1 {totals[3]} of {totals[2]} at the same time, accepted {100 * (_margin - 1):0.#} % longer");
        }
    }

    public void Observe(EvidenceSample sample)
    {
        if (sample.V3Latency is not { Total: > 0 } v3 || sample.V1Latency is not { Total: > 0 } v1) return;
        if (_bounds.Length == 0) Begin(v1);
        for (var i = 0; i < _processes.Length && _timedV1 >= EnoughControl; i++)
            if (v3.SlowerThan(_bounds[i + 1]) is { } slow3 && v1.SlowerThan(_bounds[i + 1]) is { } slow1)
                _processes[i].Observe(v3.Total, slow3, v1.Total, slow1, Stretch(i + 1), sample.Slice);
        _timedV1 += v1.Total;
        for (var i = 0; i < _bounds.Length; i++) _slowerV1[i] += v1.SlowerThan(_bounds[i]) ?? 0;
    }

    public EvidenceState Save() => new()
    {
        Batches = _timedV1, Totals = [.. _slowerV1], LogWealth = [.. _bounds], Parts = [.. _processes.Select(process => process.Save())],
    };

    public void Restore(EvidenceState state)
    {
        if (state.Version != EvidenceState.CurrentVersion || state.Totals.Length != state.LogWealth.Length || state.Parts.Length != Math.Max(0, state.LogWealth.Length - 1))
            throw new ArgumentException($"The saved evidence of {Name} belongs to a test of another shape.", nameof(state));
        (_timedV1, _slowerV1, _bounds) = (state.Batches, [.. state.Totals], [.. state.LogWealth]);
        _processes = [.. state.Parts.Select(part =>
        {
            var process = new RatioProcess();
            process.Restore(part);
            return process;
        })];
    }

    /// <summary>The compared bounds, and before them the one below, from which the first one's tail is stretched.</summary>
    private void Begin(LatencyCounts v1)
    {
        var finite = v1.Bounds.Where(double.IsFinite).ToList();
        var first = finite.FindIndex(bound => bound >= _lowest);
        if (first < 1) return;
        _bounds = [.. finite.Skip(first - 1)];
        _slowerV1 = new long[_bounds.Length];
        _processes = [.. Enumerable.Range(0, _bounds.Length - 1).Select(_ => new RatioProcess())];
    }

    /// <summary>How many times v1's share of requests slower than the bound v3's may be.</summary>
    private double Stretch(int i)
    {
        // One more on both sides: an empty bucket is no proof of an empty tail.
        var ratio = (_slowerV1[i - 1] + 1d) / (_slowerV1[i] + 1d);
        return Math.Clamp(Math.Pow(ratio, Math.Log(_margin) / Math.Log(_bounds[i] / _bounds[i - 1])), 1, LargestStretch);
    }
}
