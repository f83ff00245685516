using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

/// <summary>The Redis that a staged namespace runs: its password comes from a mounted file, and it asks for it. Embedded Garnet does the same where no redis-server is.</summary>
public sealed class RedisPodTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Theory]
    [InlineData("redis:7.4")]
    [InlineData("garnet:1.0")]
    public async Task Redis_asks_for_the_password_of_its_mounted_configuration(string image)
    {
        var ns = await fixture.NamespaceAsync();
        fixture.Store.Create(ResourceTypes.Secrets, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = "redis", ["namespace"] = ns },
            ["data"] = new JsonObject { ["redis.conf"] = Convert.ToBase64String("requirepass s3cret-of-a-test\nsave \"\"\nport 6379\n"u8) },
        });
        fixture.Store.Create(ResourceTypes.Pods, Workloads.Pod(
            ns, "redis",
            $$"""
            {
              "image": "{{image}}", "command": ["redis-server"], "args": ["/etc/redis/redis.conf"],
              "readinessProbe": { "tcpSocket": { "port": 6379 }, "periodSeconds": 1 },
              "volumeMounts": [{ "name": "configuration", "mountPath": "/etc/redis" }, { "name": "data", "mountPath": "/data" }]
            }
            """,
            """{ "volumes": [{ "name": "configuration", "secret": { "secretName": "redis" } }, { "name": "data", "emptyDir": {} }] }"""));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "redis").Count == 1, "a ready Redis");

        using var client = new TcpClient();
        await client.ConnectAsync(ClusterFixture.Address(fixture.Pods(ns, "redis")[0]), 6379, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        Assert.StartsWith("-NOAUTH", await AskAsync("GET", "key"));
        Assert.StartsWith("-", await AskAsync("AUTH", "wrong"));
        Assert.Equal("+OK", await AskAsync("AUTH", "s3cret-of-a-test"));
        Assert.Equal("+OK", await AskAsync("SET", "key", "value"));
        Assert.Equal("$5", await AskAsync("GET", "key"));
        Assert.Equal("value", await reader.ReadLineAsync(TestContext.Current.CancellationToken));

        async Task<string?> AskAsync(params string[] command)
        {
            var request = $"*{command.Length}\r\n" + string.Concat(command.Select(part => $"${part.Length}\r\n{part}\r\n"));
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
            return await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        }
    }
}
