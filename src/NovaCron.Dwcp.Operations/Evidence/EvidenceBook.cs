using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>All tests of one rollout. The allowed probability of a false rollback is divided over them; they run on through all phases, so it is spent once.</summary>
public sealed class EvidenceBook
{
    public const string ErrorRate = "error-rate";
    public const string SlowRequests = "slow-requests";
    public const string ErrorRateToV1 = "error-rate-to-v1";

    public const string LatencyToV1 = "latency-to-v1";

    private readonly List<IEvidenceTest> _tests;

    public EvidenceBook(IEnumerable<IEvidenceTest> tests)
    {
        _tests = [.. tests];
        if (_tests.Count == 0) throw new ArgumentException("At least one test is needed.", nameof(tests));
    }

    public IReadOnlyList<IEvidenceTest> Tests => _tests;

    /// <summary>The test that has rejected its limit, the strongest one if several have; null while none has.</summary>
    public IEvidenceTest? Rejected => _tests.Where(test => test.LogEvidence >= test.LogThreshold).MaxBy(test => test.LogEvidence - test.LogThreshold);

    /// <summary>How far the furthest test has come, 0..1.</summary>
    public double Progress => _tests.Max(ProgressOf);

    /// <summary>The tests of a rollout with these limits.</summary>
    public static EvidenceBook For(RolloutLimits limits)
    {
        // The two absolute limits get two fifths each: they decide; the comparisons with v1 see regressions that stay below them.
        var alpha = limits.FalseRollbackProbability;
        return new EvidenceBook(
        [
            new RateLimitTest(ErrorRate, limits.ErrorRatePercent / 100, alpha * 0.4, sample => (sample.V3.Requests, sample.V3.Errors)),
            new RateLimitTest(SlowRequests, limits.SlowRequestsPercent / 100, alpha * 0.4, sample => (sample.V3.Timed, sample.V3.Slow)),
            new ControlRatioTest(ErrorRateToV1, limits.ErrorRateToV1, alpha * 0.1, counts => (counts.Requests, counts.Errors)),
            // From a quarter of the slow limit on: a millisecond more or less is no reason to roll back.
            new LatencyToV1Test(LatencyToV1, 1 + limits.SlowerThanV1Percent / 100, limits.SlowMilliseconds / 4000, alpha * 0.1),
        ]);
    }

    public void Observe(EvidenceSample sample)
    {
        foreach (var test in _tests) test.Observe(sample);
    }

    public Dictionary<string, EvidenceState> Save() => _tests.ToDictionary(test => test.Name, test => test.Save(), StringComparer.Ordinal);

    /// <summary>Continues from saved states. A test without one begins anew, as after an update that added it.</summary>
    public void Restore(IReadOnlyDictionary<string, EvidenceState> states)
    {
        foreach (var test in _tests)
            if (states.TryGetValue(test.Name, out var state)) test.Restore(state);
    }

    public List<EvidenceObservation> Read() =>
    [
        .. _tests.Select(test => new EvidenceObservation
        {
            Metric = test.Name,
            PercentToRollback = Math.Round(100 * ProgressOf(test), 1),
            LogEvidence = Math.Round(test.LogEvidence, 3),
            Observations = test.Observations,
            Detail = test.Detail,
        }),
    ];

    private static double ProgressOf(IEvidenceTest test) => Math.Clamp(test.LogEvidence / test.LogThreshold, 0, 1);
}
