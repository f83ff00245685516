using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Evidence;

/// <summary>Seeded streams of requests, judged check by check.</summary>
internal static class EvidenceSimulation
{
    /// <summary>How often to simulate: so often by default, NOVACRON_SIMULATIONS times for the tables in the documentation.</summary>
    public static int Runs(int byDefault) => int.TryParse(Environment.GetEnvironmentVariable("NOVACRON_SIMULATIONS"), out var runs) && runs >= 100 ? runs : byDefault;

    /// <summary>Requests of v3 from the fault to the rejection, one per run, sorted; runs that never reject count as <see cref="long.MaxValue"/>.</summary>
    public static long[] Delays(int runs, int seed, double perCheck, double cleanShare, int cleanChecks, double badShare, int maximumChecks, double alpha = 0.01)
    {
        var delays = new long[runs];
        Parallel.For(0, runs, run =>
        {
            var random = new Random(seed + run);
            var test = ErrorTest(alpha);
            for (var i = 0; i < cleanChecks; i++) Observe(test, Poisson(random, perCheck), cleanShare, random);
            delays[run] = long.MaxValue;
            long requests = 0;
            for (var i = 0; i < maximumChecks; i++)
            {
                requests += Observe(test, Poisson(random, perCheck), badShare, random);
                if (test.LogEvidence < test.LogThreshold) continue;
                delays[run] = requests;
                break;
            }
        });
        Array.Sort(delays);
        return delays;
    }

    /// <summary>Steps of five seconds: the guardian checks every thirty seconds, and at every step while evidence grows.</summary>
    public const int StepSeconds = 5;

    private const int StepsPerCheck = 6;

    /// <summary>Whether the guardian checks now.</summary>
    /// <param name="steps">Steps since its last check.</param>
    /// <param name="progress">Share of the way to rollback that its last check saw.</param>
    public static bool IsCheck(int steps, double progress) => steps >= (progress > RolloutReconciler.GrowingEvidence ? 1 : StepsPerCheck);

    public static RateLimitTest ErrorTest(double alpha = 0.01) => new("error-rate", 0.01, alpha, sample => (sample.V3.Requests, sample.V3.Errors));

    public static long Observe(IEvidenceTest test, long requests, double share, Random random)
    {
        var errors = 0L;
        for (var i = 0L; i < requests; i++)
            if (random.NextDouble() < share) errors++;
        test.Observe(new EvidenceSample(new VersionCounts(requests, errors, requests, 0), null));
        return requests;
    }

    public static long Poisson(Random random, double mean)
    {
        // Knuth below 30, the normal approximation above: only the spacing of checks depends on it.
        if (mean > 30) return (long)Math.Max(0, Math.Round(mean + Math.Sqrt(mean) * Normal(random)));
        var limit = Math.Exp(-mean);
        long count = 0;
        for (var product = random.NextDouble(); product > limit; product *= random.NextDouble()) count++;
        return count;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
