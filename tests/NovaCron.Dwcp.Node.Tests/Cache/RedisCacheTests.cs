using System.Net;
using NovaCron.Dwcp.Node.Tests.Metrics;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Cache;

public sealed class RedisCacheTests
{
    [Fact]
    public async Task Pods_see_each_other_through_the_cache_and_losing_it_costs_nothing_else()
    {
        Assert.SkipUnless(RedisProcess.IsInstalled, "redis-server is not installed.");
        var password = TestPod.NewKey();
        var redis = await RedisProcess.StartAsync(password);
        try
        {
            void Prepare(TestPod pod)
            {
                pod.WriteSecret("redis-password", password);
                pod.Environment["REDIS_URL"] = $"localhost:{redis.Port}";
            }

            await using var one = await RunningNode.StartAsync(Prepare, percent: "25");
            await using var two = await RunningNode.StartAsync(pod =>
            {
                Prepare(pod);
                pod.Environment["DWCP_POD_NAME"] = "dwcp-v3-two";
            }, percent: "25");
            await Eventually.TrueAsync(async () => (await PeersAsync(one)).SequenceEqual(["dwcp-v3-test", "dwcp-v3-two"]), "both pods are seen");
            var scrape = Exposition.Parse(await one.ScrapeAsync());
            Assert.Equal(1, scrape.Samples["dwcp_redis_up"]);
            Assert.True(scrape.Samples["dwcp_redis_hits_total"] >= 2);

            await redis.DisposeAsync();
            await Eventually.TrueAsync(async () => Exposition.Parse(await one.ScrapeAsync()).Samples["dwcp_redis_up"] == 0, "the loss is seen");
            Assert.True(one.Node.IsReady);
            Assert.Empty(await PeersAsync(one));
            var (status, answer) = await one.AdminAsync(HttpMethod.Get, "/diagnostics/connectivity", one.Pod.DiagnosticsKey);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.True((bool?)answer["ok"]);
            Assert.False((bool?)answer["targets"]!.AsArray().Single(target => (string?)target!["target"] == "redis")!["ok"]);

            await using var back = await RedisProcess.StartAsync(password, redis.Port);
            await Eventually.TrueAsync(async () => (await PeersAsync(one)).Count == 2, "the cache is used again", 40);
            Assert.DoesNotContain(password, one.Log.Text);
        }
        finally
        {
            await redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_rotated_password_is_used_without_a_restart()
    {
        Assert.SkipUnless(RedisProcess.IsInstalled, "redis-server is not installed.");
        var password = TestPod.NewKey();
        await using var redis = await RedisProcess.StartAsync(password);
        await using var running = await RunningNode.StartAsync(pod =>
        {
            pod.WriteSecret("redis-password", "not-the-password");
            pod.Environment["REDIS_URL"] = $"localhost:{redis.Port}";
        });
        Assert.Equal(0, Exposition.Parse(await running.ScrapeAsync()).Samples["dwcp_redis_up"]);
        running.Pod.WriteSecret("redis-password", password);
        await Eventually.TrueAsync(async () => Exposition.Parse(await running.ScrapeAsync()).Samples["dwcp_redis_up"] == 1, "connected with the new password");
    }

    private static async Task<IReadOnlyList<string?>> PeersAsync(RunningNode node)
    {
        var (_, answer) = await node.AdminAsync(HttpMethod.Get, "/diagnostics/peers", node.Pod.DiagnosticsKey);
        return [.. answer["peers"]!.AsArray().Select(peer => (string?)peer!["pod"]).Order()];
    }
}
