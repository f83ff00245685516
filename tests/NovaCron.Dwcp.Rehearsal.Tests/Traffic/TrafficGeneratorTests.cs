using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Rehearsal.Tests.Traffic;

public class TrafficGeneratorTests
{
    [Fact]
    public async Task Every_request_is_acknowledged_read_back_and_split_by_percent()
    {
        await using var node = await TrafficNode.StartAsync(percent: 30);
        await using var traffic = new TrafficGenerator(node.CreateOptions());
        traffic.Start();
        await SentAsync(traffic, 120);
        var final = await traffic.StopAsync();
        Assert.Equal(final.Sent, final.Acknowledged);
        Assert.Equal(0, final.InFlight);
        Assert.Equal(final.Acknowledged, final.Verified);
        Assert.Equal(0, final.Lost);
        Assert.Equal(0, final.FailedAttempts);
        Assert.Empty(final.RecentFailures);
        // The seed decides who sends: the share is fixed, near 30 %.
        Assert.InRange((double)final.V3.Acknowledged / final.Acknowledged, 0.15, 0.45);
        Assert.True(final.V1.P50Milliseconds > 0 && final.V3.P99Milliseconds <= final.V3.MaximumMilliseconds * 1.15);
        Assert.Equal(final.AcknowledgedBytes, node.Objects.List().Sum(stored => stored.Bytes));
    }

    [Fact]
    public async Task Half_of_v3_failing_loses_nothing_because_clients_retry_and_fall_back()
    {
        await using var node = await TrafficNode.StartAsync(percent: 100);
        node.V3FailShare = 0.5;
        await using var traffic = new TrafficGenerator(node.CreateOptions() with { Rate = 20 });
        traffic.Start();
        await SentAsync(traffic, 60);
        node.V3FailShare = 0;
        var final = await traffic.StopAsync();
        Assert.Equal(0, final.Lost);
        Assert.Equal(final.Sent, final.Verified);
        Assert.True(final.Retried > 0);
        Assert.True(final.V3.FailedAttempts > 0);
        Assert.Contains(final.RecentFailures, failure => failure is { Version: 3, Lost: false });
        Assert.True(final.V1.Acknowledged > 0, "careful clients fell back to v1");
    }

    [Fact]
    public async Task Without_a_node_every_request_is_lost_at_its_limit_and_said_to_be()
    {
        await using var node = await TrafficNode.StartAsync(percent: 0);
        var options = node.CreateOptions() with { LostAfter = TimeSpan.FromSeconds(1), Rate = 10 };
        await node.StopServerAsync();
        await using var traffic = new TrafficGenerator(options);
        traffic.Start();
        await SentAsync(traffic, 10);
        var final = await traffic.StopAsync();
        Assert.Equal(final.Sent, final.Unacknowledged);
        Assert.Equal(final.Sent, final.Lost);
        Assert.Equal(0, final.Acknowledged);
        // Nobody told a version, so no version is blamed.
        Assert.Equal(final.FailedAttempts, final.FailedUndecided);
        Assert.Equal(0, final.V1.FailedAttempts + final.V3.FailedAttempts);
        Assert.True(double.IsNaN(final.V1.P99Milliseconds));
        Assert.Contains(final.RecentFailures, failure => failure.Lost);
    }

    [Fact]
    public async Task An_acknowledged_object_that_is_gone_is_found_and_counts_as_lost()
    {
        await using var node = await TrafficNode.StartAsync(percent: 0);
        await using var traffic = new TrafficGenerator(node.CreateOptions() with { ReadBackShare = 0 });
        traffic.Start();
        while (traffic.GetSnapshot().Acknowledged < 5) await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.True(node.Objects.Delete(node.Objects.List()[0].Path));
        var final = await traffic.StopAsync();
        Assert.Equal(1, final.Unreadable);
        Assert.Equal(1, final.Lost);
        Assert.Equal(final.Acknowledged - 1, final.Verified);
    }

    [Fact]
    public async Task Clients_that_speak_v1_only_stay_on_v1()
    {
        await using var node = await TrafficNode.StartAsync(percent: 100);
        await using var traffic = new TrafficGenerator(node.CreateOptions() with { V1OnlyShare = 1 });
        traffic.Start();
        await SentAsync(traffic, 20);
        var final = await traffic.StopAsync();
        Assert.Equal(final.Sent, final.V1.Acknowledged);
    }

    [Fact]
    public async Task The_series_adds_up_to_the_counts()
    {
        await using var node = await TrafficNode.StartAsync(percent: 50);
        await using var traffic = new TrafficGenerator(node.CreateOptions() with { Arrivals = TrafficArrivals.Poisson });
        traffic.Start();
        await SentAsync(traffic, 100);
        var final = await traffic.StopAsync();
        var start = traffic.GetSnapshot().Elapsed;
        while (traffic.GetSnapshot().Elapsed < start + TimeSpan.FromSeconds(1)) await Task.Delay(20, TestContext.Current.CancellationToken);
        var series = traffic.GetSeries();
        Assert.Equal(final.Sent, series.Sum(second => second.Sent));
        Assert.Equal(final.V1.Acknowledged, series.Sum(second => second.AcknowledgedV1));
        Assert.Equal(final.V3.Acknowledged, series.Sum(second => second.AcknowledgedV3));
        Assert.Equal(final.AcknowledgedBytes, series.Sum(second => second.Bytes));
        for (var i = 1; i < series.Count; i++) Assert.Equal(TimeSpan.FromSeconds(1), series[i].At - series[i - 1].At);
    }

    [Fact]
    public async Task The_rate_is_kept_and_can_be_changed()
    {
        await using var node = await TrafficNode.StartAsync(percent: 0);
        await using var traffic = new TrafficGenerator(node.CreateOptions() with { Rate = 20 });
        traffic.Start();
        await SentAsync(traffic, 20);
        var before = traffic.GetSnapshot();
        // Never ahead of the rate; how far behind depends on how busy this machine is.
        Assert.True(before.Sent <= (before.Elapsed.TotalSeconds * 20) + 2, $"{before.Sent} in {before.Elapsed}");
        traffic.Rate = 100;
        Assert.Equal(100, traffic.GetSnapshot().Rate);
        Assert.Throws<ArgumentOutOfRangeException>(() => traffic.Rate = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => traffic.Rate = double.NaN);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        var good = new TrafficOptions { Target = new Uri("dwcp://localhost/x"), ApiKey = "k", TrustedCertificates = [] };
        foreach (var bad in (TrafficOptions[])
        [
            good with { Rate = 0 }, good with { Rate = double.PositiveInfinity }, good with { ClientCount = 0 }, good with { ReadBackShare = 1.5 }, good with { V1OnlyShare = -0.1 },
            good with { PayloadSizes = [] }, good with { PayloadSizes = [new(10, 5, 1)] }, good with { PayloadSizes = [new(1, 5, 0)] }, good with { Target = new Uri("http://localhost/x") },
            good with { ApiKey = "" }, good with { LostAfter = TimeSpan.Zero }, good with { AttemptsBeforeV1 = 0 }, good with { MaximumConcurrency = 0 },
        ])
            Assert.ThrowsAny<ArgumentException>(() => new TrafficGenerator(bad));
    }

    [Fact]
    public void Payloads_depend_on_seed_and_number_alone()
    {
        byte[] Make(int seed, long request)
        {
            var bytes = new byte[1000];
            TrafficPayload.Fill(bytes, seed, request);
            return bytes;
        }

        Assert.Equal(Make(1, 5), Make(1, 5));
        Assert.NotEqual(Make(1, 5), Make(1, 6));
        Assert.NotEqual(Make(1, 5), Make(2, 5));
    }

    private static async Task SentAsync(TrafficGenerator traffic, long count)
    {
        while (traffic.GetSnapshot().Sent < count) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
