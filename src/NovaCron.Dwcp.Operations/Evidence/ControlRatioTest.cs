using System.Globalization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// Tests "v3's rate of bad requests is at most r0 times v1's at the same time", whatever v1's rate is and however it varies. Better or equal v3 never
/// rejects. See <see cref="RatioProcess"/> for the statistics.
/// </summary>
public sealed class ControlRatioTest : IEvidenceTest
{
    private readonly Func<VersionCounts, (long Observed, long Bad)> _counts;
    private readonly double _ratio;
    private readonly RatioProcess _process = new();

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

    public double LogEvidence => _process.LogValue;

    public long Observations => _process.Totals[0];

    public string Detail => string.Create(CultureInfo.InvariantCulture,
        $"v3 {_process.Totals[1]} of {_process.Totals[0]}, v1 {_process.Totals[3]} of {_process.Totals[2]} at the same time, accepted ratio {_ratio:0.##}");

    public void Observe(EvidenceSample sample)
    {
        if (sample.V1 is not { } control) return;
        var (n3, k3) = _counts(sample.V3);
        var (n1, k1) = _counts(control);
        _process.Observe(n3, k3, n1, k1, _ratio, sample.Slice);
    }

    public EvidenceState Save() => _process.Save();

    public void Restore(EvidenceState state) => _process.Restore(state);
}
