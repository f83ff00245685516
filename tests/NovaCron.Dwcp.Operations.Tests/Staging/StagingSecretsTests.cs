using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

public sealed class StagingSecretsTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static StagingSecrets Complete(JsonObject? secrets = null, JsonObject? authority = null, bool rotate = false, DateTimeOffset? now = null) =>
        StagingSecrets.Complete(secrets, authority, "staging", new RedisValues(), rotate, now ?? Now);

    private static JsonObject Find(StagingSecrets secrets, string name) => secrets.Documents("staging").Single(d => d["metadata"]!["name"]!.ToString() == name);

    private static string Value(JsonObject secret, string key) => Encoding.UTF8.GetString(Convert.FromBase64String(secret["data"]![key]!.ToString()));

    [Fact]
    public void A_new_deployment_gets_all_keys_and_a_certificate_that_clients_can_verify()
    {
        var secrets = Complete();
        var node = Find(secrets, "dwcp-v3-secrets");
        using var leaf = X509Certificate2.CreateFromPem(Value(node, "tls.crt"), Value(node, "tls.key"));
        Assert.True(leaf.HasPrivateKey);
        foreach (var name in new[] { "dwcp-v3", "dwcp-v3.staging", "dwcp-v3.staging.svc", "localhost" })
            Assert.True(leaf.MatchesHostname(name), name);
        Assert.True(NodeCertificate.Chains(leaf, Value(node, "tls.crt"), Value(node, "ca.crt"), Now));
        var key = Value(node, "client-api-key");
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(key))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        Assert.Equal($"default {hash}\n", Value(node, "api-keys"));
        Assert.Equal(43, Value(node, "ticket-key").Length);
        Assert.Contains($"requirepass {Value(node, "redis-password")}\n", Value(Find(secrets, "dwcp-v3-redis"), "redis.conf"));
        Assert.Contains("BEGIN PRIVATE KEY", Value(Find(secrets, "dwcp-v3-ca"), "ca.key"));
    }

    [Fact]
    public void A_second_run_keeps_every_byte()
    {
        var first = Complete();
        var second = Complete(Find(first, "dwcp-v3-secrets"), Find(first, "dwcp-v3-ca"), now: Now.AddDays(100));
        Assert.Equal(first.Documents("staging").Select(d => d.ToJsonString()), second.Documents("staging").Select(d => d.ToJsonString()));
        Assert.Equal(first.NodeHash, second.NodeHash);
    }

    [Fact]
    public void A_certificate_that_is_about_to_expire_is_renewed_by_the_same_authority_and_nothing_else_changes()
    {
        var first = Complete();
        var second = Complete(Find(first, "dwcp-v3-secrets"), Find(first, "dwcp-v3-ca"), now: Now.AddDays(340));
        var (before, after) = (Find(first, "dwcp-v3-secrets"), Find(second, "dwcp-v3-secrets"));
        Assert.NotEqual(Value(before, "tls.crt"), Value(after, "tls.crt"));
        Assert.Equal(Value(before, "ca.crt"), Value(after, "ca.crt"));
        Assert.Equal(Value(before, "client-api-key"), Value(after, "client-api-key"));
        Assert.NotEqual(first.NodeHash, second.NodeHash);
    }

    [Fact]
    public void Rotation_replaces_every_secret_but_keeps_the_authority_and_other_principals()
    {
        var first = Complete();
        var live = Find(first, "dwcp-v3-secrets");
        live["data"]!["api-keys"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Value(live, "api-keys") + "backup AAAA\n"));
        var second = Find(Complete(live, Find(first, "dwcp-v3-ca"), rotate: true), "dwcp-v3-secrets");
        foreach (var key in new[] { "tls.crt", "tls.key", "client-api-key", "ticket-key", "redis-password", "diagnostics-key" })
            Assert.NotEqual(Value(live, key), Value(second, key));
        Assert.Equal(Value(live, "ca.crt"), Value(second, "ca.crt"));
        Assert.Contains("backup AAAA\n", Value(second, "api-keys"));
        Assert.Equal(2, Value(second, "api-keys").Trim().Split('\n').Length);
    }

    [Theory]
    [InlineData("ticket-key")]
    [InlineData("client-api-key")]
    [InlineData("tls.key")]
    [InlineData("api-keys")]
    public void A_missing_key_is_made_again_and_the_others_stay(string key)
    {
        var first = Complete();
        var live = Find(first, "dwcp-v3-secrets");
        ((JsonObject)live["data"]!).Remove(key);
        var second = Find(Complete(live, Find(first, "dwcp-v3-ca")), "dwcp-v3-secrets");
        Assert.NotEmpty(Value(second, key));
        Assert.Equal(Value(live, "diagnostics-key"), Value(second, "diagnostics-key"));
    }

    [Fact]
    public void A_certificate_that_somebody_else_issued_is_kept()
    {
        var (authority, authorityKey) = NodeCertificate.CreateAuthority("Company", Now);
        var (chain, key) = NodeCertificate.Issue(authority, authorityKey, ["dwcp-v3"], Now);
        var live = Find(Complete(), "dwcp-v3-secrets");
        foreach (var (name, value) in new[] { ("tls.crt", chain), ("tls.key", key), ("ca.crt", authority) })
            live["data"]![name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        var second = Complete(live);
        Assert.Equal(chain, Value(Find(second, "dwcp-v3-secrets"), "tls.crt"));
        Assert.DoesNotContain(second.Documents("staging"), d => d["metadata"]!["name"]!.ToString() == "dwcp-v3-ca");
    }
}
