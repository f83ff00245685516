using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Metrics;

public sealed class RequestCountersTests
{
    private static readonly double[] Bounds = [0.05, 0.1, double.PositiveInfinity];

    [Fact]
    public void A_counter_that_fell_began_anew()
    {
        var before = Counters(100, 5, 60, 100, 105);
        Assert.Equal(Counters(10, 1, 5, 10, 11), Counters(110, 6, 65, 110, 116).Since(before), new Compare());
        Assert.Equal(Counters(7, 0, 5, 7, 7), Counters(7, 0, 5, 7, 7).Since(before), new Compare());
    }

    [Fact]
    public void Slow_requests_are_counted_at_the_buckets_bound_and_nowhere_else()
    {
        Assert.Equal(5, Counters(100, 5, 60, 100, 105).SlowerThan(0.1));
        Assert.Throws<DwcpMetricsException>(() => Counters(100, 5, 60, 100, 105).SlowerThan(0.2));
    }

    [Fact]
    public void Quantiles_are_interpolated_as_Prometheus_does()
    {
        var counters = Counters(100, 0, 50, 100, 100);
        Assert.Equal(50, counters.QuantileMilliseconds(0.5)!.Value, 9);
        Assert.Equal(75, counters.QuantileMilliseconds(0.75)!.Value, 9);
        Assert.Equal(100, Counters(100, 0, 0, 50, 100).QuantileMilliseconds(0.99)!.Value, 9);
        Assert.Null(new RequestCounters().QuantileMilliseconds(0.5));
    }

    [Theory]
    [InlineData("")]
    [InlineData("dwcp_component_health{component=\"AMST\"} 1\n")]
    public void A_page_without_the_families_that_decide_is_an_error(string page) => Assert.Throws<DwcpMetricsException>(() => NodeMetrics.Parse(page));

    [Theory]
    [InlineData("NaN")]
    [InlineData("-1")]
    [InlineData("+Inf")]
    public void A_count_that_is_no_count_is_an_error(string value)
    {
        var page = Page("1");
        Assert.Equal(1, NodeMetrics.Parse(page).V3.ServerErrors);
        Assert.Throws<DwcpMetricsException>(() => NodeMetrics.Parse(Page(value)));
    }

    [Fact]
    public void An_unknown_outcome_is_not_taken_for_a_good_one() =>
        Assert.Throws<DwcpMetricsException>(() => NodeMetrics.Parse(Page("1") + "dwcp_requests_total{version=\"v3\",outcome=\"maybe\"} 1\n"));

    [Theory]
    [InlineData("24h", 86400)]
    [InlineData("1m30s", 90)]
    [InlineData("1.5s", 1.5)]
    [InlineData("0", 0)]
    [InlineData("-2s", -2)]
    [InlineData("500ms", 0.5)]
    public void Durations_are_read_as_Go_reads_them(string text, double seconds)
    {
        Assert.True(GoDuration.TryParse(text, out var value));
        Assert.Equal(seconds, value.TotalSeconds, 9);
        Assert.True(GoDuration.TryParse(GoDuration.Format(value), out var again));
        Assert.Equal(value, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("h")]
    [InlineData("1x")]
    [InlineData("1.2.3s")]
    [InlineData("-")]
    [InlineData("99999999999999h")]
    public void Other_durations_are_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));

    private static string Page(string v3Errors)
    {
        var page = "dwcp_component_health{component=\"AMST\"} 1\n";
        foreach (var version in new[] { "v1", "v3" })
            page += $"dwcp_requests_total{{version=\"{version}\",outcome=\"ok\"}} 5\n"
                    + $"dwcp_requests_total{{version=\"{version}\",outcome=\"server_error\"}} {(version == "v3" ? v3Errors : "0")}\n"
                    + $"dwcp_request_duration_seconds_bucket{{version=\"{version}\",le=\"0.1\"}} 5\n"
                    + $"dwcp_request_duration_seconds_bucket{{version=\"{version}\",le=\"+Inf\"}} 6\n";
        return page;
    }

    private static RequestCounters Counters(long ok, long failed, params long[] buckets) => new() { Ok = ok, ServerErrors = failed, BucketBounds = Bounds, CumulativeBuckets = buckets };

    private sealed class Compare : IEqualityComparer<RequestCounters>
    {
        public bool Equals(RequestCounters? x, RequestCounters? y) =>
            x!.Ok == y!.Ok && x.ServerErrors == y.ServerErrors && x.CumulativeBuckets.SequenceEqual(y.CumulativeBuckets);

        public int GetHashCode(RequestCounters obj) => 0;
    }
}
