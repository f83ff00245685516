using System.Text.Json;
using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Evidence;

public sealed class EvidenceTests
{
    [Fact]
    public void The_weights_of_all_start_times_sum_to_one()
    {
        double started = 0;
        for (var t = 0L; t < 100_000; t++)
        {
            Assert.Equal(1, started + Math.Exp(ChangePointMixture.LogOfUnstarted(t)), 9);
            started += Math.Exp(ChangePointMixture.LogWeightOfStart(t));
        }
    }

    [Fact]
    public void The_recursion_equals_the_sum_over_every_start_time_written_out()
    {
        var mixture = new ChangePointMixture([0.25, 0.75]);
        var random = new Random(3);
        var batches = Enumerable.Range(0, 40).Select(_ => new[] { random.NextDouble() - 0.6, random.NextDouble() * 2 - 1.2 }).ToList();
        foreach (var batch in batches) mixture.Observe(batch);
        var expected = Math.Exp(ChangePointMixture.LogOfUnstarted(batches.Count));
        for (var start = 0; start < batches.Count; start++)
            for (var j = 0; j < 2; j++)
                expected += Math.Exp(ChangePointMixture.LogWeightOfStart(start)) * (j == 0 ? 0.25 : 0.75) * Math.Exp(batches.Skip(start).Sum(batch => batch[j]));
        Assert.Equal(Math.Log(expected), mixture.LogValue, 9);
    }

    [Fact]
    public void Evidence_before_any_data_is_one() => Assert.All(EvidenceBook.For(new RolloutLimits()).Tests, test => Assert.Equal(0, test.LogEvidence, 12));

    [Fact]
    public void The_probabilities_of_the_tests_sum_to_the_allowed_one() =>
        Assert.Equal(0.01, EvidenceBook.For(new RolloutLimits()).Tests.Sum(test => Math.Exp(-test.LogThreshold)), 12);

    [Fact]
    public void A_saved_book_goes_on_exactly_where_it_was()
    {
        var random = new Random(5);
        var whole = EvidenceBook.For(new RolloutLimits());
        var first = EvidenceBook.For(new RolloutLimits());
        var samples = Enumerable.Range(0, 200).Select(_ => Sample(random)).ToList();
        foreach (var sample in samples) whole.Observe(sample);
        foreach (var sample in samples.Take(77)) first.Observe(sample);
        var second = EvidenceBook.For(new RolloutLimits());
        second.Restore(JsonSerializer.Deserialize<Dictionary<string, EvidenceState>>(JsonSerializer.Serialize(first.Save(), RolloutJson.Options), RolloutJson.Options)!);
        foreach (var sample in samples.Skip(77)) second.Observe(sample);
        Assert.Equal(whole.Tests.Select(test => test.LogEvidence), second.Tests.Select(test => test.LogEvidence));

        static EvidenceSample Sample(Random random)
        {
            var n = random.Next(0, 30);
            return new EvidenceSample(new VersionCounts(n, random.Next(0, n / 5 + 1), n, random.Next(0, n / 9 + 1)), random.Next(3) == 0 ? null : new VersionCounts(200, 1, 200, 1));
        }
    }

    [Fact]
    public void A_state_of_another_shape_is_refused()
    {
        var test = new RateLimitTest("x", 0.01, 0.01, sample => (sample.V3.Requests, sample.V3.Errors));
        Assert.Throws<ArgumentException>(() => test.Restore(new EvidenceState { LogWealth = [1, 2], Totals = [0, 0] }));
        Assert.Throws<ArgumentException>(() => test.Restore(test.Save() with { Totals = [1] }));
        Assert.Throws<ArgumentException>(() => test.Observe(new EvidenceSample(new VersionCounts(1, 2, 1, 0), null)));
    }

    [Theory]
    [InlineData(0.0001)]
    [InlineData(0.01)]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Every_alternative_lies_above_the_limit_and_below_one(double limit)
    {
        for (var j = 0; j < 8; j++) Assert.InRange(RateLimitTest.AlternativeShare(limit, j), limit + 1e-9, 1 - 1e-9);
    }

    /// <summary>Wald's ratio is what remains when nothing is clustered.</summary>
    [Theory]
    [InlineData(0.01, 0.05, 40, 3)]
    [InlineData(0.01, 0.45, 9, 9)]
    [InlineData(0.2, 0.3, 100, 0)]
    public void Without_clusters_the_evidence_is_the_likelihood_ratio(double limit, double share, long observed, long bad) =>
        Assert.Equal(bad * Math.Log(share / limit) + (observed - bad) * Math.Log((1 - share) / (1 - limit)), RateLimitTest.LogRatio(limit, share, 1, observed, bad), 9);

    [Theory]
    [InlineData(1.5)]
    [InlineData(4.5)]
    [InlineData(12)]
    public void With_clusters_its_expectation_at_the_limit_is_one_for_every_alternative(double size)
    {
        const double Limit = 0.01;
        for (var j = 0; j < 8; j++)
        {
            var share = RateLimitTest.AlternativeShare(Limit, j);
            // One request: no cluster, or one of k bad ones. The sum over k is geometric.
            double Part(long bad, double logProbability) => Math.Exp(logProbability + RateLimitTest.LogRatio(Limit, share, size, 1, bad));
            var begin = Limit / size;
            var expectation = Part(0, Math.Log(1 - begin));
            for (var k = 1; k < 20_000; k++) expectation += Part(k, Math.Log(begin / size) + (k - 1) * Math.Log(1 - 1 / size));
            Assert.Equal(1, expectation, 3);
        }
    }

    [Fact]
    public void Evidence_of_another_release_is_refused()
    {
        var book = EvidenceBook.For(new RolloutLimits());
        var saved = book.Save();
        saved[EvidenceBook.ErrorRate] = saved[EvidenceBook.ErrorRate] with { Version = 1 };
        Assert.Throws<ArgumentException>(() => book.Restore(saved));
    }
}
