using System.Net;
using Microsoft.Extensions.Logging;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Configuration;

public sealed class NodeOptionsTests : IDisposable
{
    private readonly TestPod _pod = new();

    public void Dispose() => _pod.Dispose();

    [Fact]
    public void What_the_manifest_sets_is_read()
    {
        _pod.Environment["PORT"] = "8080";
        _pod.Environment["REDIS_URL"] = "dwcp-v3-redis:6379";
        _pod.Environment["DWCP_MODE"] = "datacenter";
        _pod.Environment["LOG_LEVEL"] = "debug";
        _pod.Environment["DWCP_VERSION"] = "3.1.4";
        var options = _pod.ReadOptions();
        Assert.Equal(8080, options.HttpPort);
        Assert.Equal(new RedisAddress("dwcp-v3-redis", 6379), options.Redis);
        Assert.Equal(NodeMode.Datacenter, options.Mode);
        Assert.Equal(LogLevel.Debug, options.LogLevel);
        Assert.Equal("3.1.4", options.Version);
        Assert.Equal(IPAddress.Loopback, options.BindAddress);
        Assert.Equal(Path.Combine(_pod.Root, "var/lib/dwcp/store"), options.Paths.Store);
        Assert.True(options.AllowsCanary);
        Assert.False(options.Rehearsal);
    }

    [Fact]
    public void The_bulk_path_is_offered_only_on_networks_that_are_named()
    {
        Assert.Null(_pod.ReadOptions().Datacenter);
        _pod.Environment["DWCP_BULK_NETWORKS"] = "10.1.0.0/16, fd00::/8";
        _pod.Environment["DWCP_BULK_PORTS"] = "7430-7461";
        var policy = _pod.ReadOptions().Datacenter!;
        Assert.True(policy.Covers(IPAddress.Parse("10.1.200.3")));
        Assert.True(policy.Covers(IPAddress.Parse("::ffff:10.1.200.3")));
        Assert.False(policy.Covers(IPAddress.Parse("10.2.0.1")));
        Assert.True(policy.Authenticate);
        Assert.Equal((7430, 7461), (policy.FirstPort, policy.LastPort));
        Assert.Empty(policy.RdmaIdentities);
        Assert.False(policy.RequireRdma);
        Assert.Equal("bulk-worker", policy.WorkerCommand[^1]);
        _pod.Environment["DWCP_RDMA_IDENTITIES"] = "host-a, host-b";
        _pod.Environment["DWCP_REQUIRE_RDMA"] = "1";
        Assert.Equal(["host-a", "host-b"], _pod.ReadOptions().Datacenter!.RdmaIdentities.Order());
        Assert.True(_pod.ReadOptions().Datacenter!.RequireRdma);
        _pod.Environment["DWCP_BULK_AUTHENTICATION"] = "off";
        Assert.False(_pod.ReadOptions().Datacenter!.Authenticate);
        _pod.Environment["DWCP_BULK_AUTHENTICATION"] = "no";
        Assert.StartsWith("DWCP_BULK_AUTHENTICATION is 'no', but must be ", Assert.Throws<DwcpNodeException>(_pod.ReadOptions).Message);
        _pod.Environment["DWCP_BULK_AUTHENTICATION"] = "required";
        _pod.Environment["DWCP_BULK_NETWORKS"] = "10.1.0.0/33";
        Assert.StartsWith("DWCP_BULK_NETWORKS is '10.1.0.0/33', but must be ", Assert.Throws<DwcpNodeException>(_pod.ReadOptions).Message);
    }

    [Fact]
    public void A_machine_without_a_cluster_needs_no_pod_and_has_version_3_alone()
    {
        foreach (var name in (string[])["DWCP_POD_NAME", "DWCP_POD_NAMESPACE", "KUBERNETES_SERVICE_HOST"]) _pod.Environment.Remove(name);
        Directory.Delete(_pod.Paths.ServiceAccount, recursive: true);
        Assert.Throws<DwcpNodeException>(_pod.ReadOptions);
        _pod.Environment["DWCP_STANDALONE"] = "1";
        var options = _pod.ReadOptions();
        Assert.Equal((true, false, System.Environment.MachineName), (options.Standalone, options.HasV1, options.PodName));
        _pod.Environment["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
        Assert.Null(_pod.ReadOptions().ApiServer);
        _pod.Environment["DWCP_PROTOCOLS"] = "1,3";
        Assert.Contains("DWCP_STANDALONE is 1", Assert.Throws<DwcpNodeException>(_pod.ReadOptions).Message);
    }

    [Theory]
    [InlineData("DWCP_STANDALONE", "yes")]
    [InlineData("PORT", "80a")]
    [InlineData("PORT", "70000")]
    [InlineData("PROMETHEUS_PORT", "-1")]
    [InlineData("DWCP_MODE", "fast")]
    [InlineData("LOG_LEVEL", "loud")]
    [InlineData("DWCP_BIND_ADDRESS", "everywhere")]
    [InlineData("DWCP_POD_IP", "somewhere")]
    [InlineData("DWCP_GRACE_SECONDS", "0")]
    public void A_malformed_variable_is_named_with_its_value_and_what_is_allowed(string name, string value)
    {
        _pod.Environment[name] = value;
        var error = Assert.Throws<DwcpNodeException>(_pod.ReadOptions);
        Assert.StartsWith($"{name} is '{value}', but must be ", error.Message);
    }

    [Theory]
    [InlineData("redis://:hunter2@host:6379")]
    [InlineData("hunter2@")]
    [InlineData("host:hunter2")]
    public void A_malformed_cache_address_is_not_echoed_for_it_may_hold_a_password(string value)
    {
        _pod.Environment["REDIS_URL"] = value;
        Assert.DoesNotContain("hunter2", Assert.Throws<DwcpNodeException>(_pod.ReadOptions).Message);
    }

    [Fact]
    public void A_missing_pod_name_is_an_error_with_its_remedy()
    {
        _pod.Environment.Remove("DWCP_POD_NAME");
        Assert.Contains("metadata.name", Assert.Throws<DwcpNodeException>(_pod.ReadOptions).Message);
    }

    [Theory]
    [InlineData("staging", null, true)]
    [InlineData("production", null, false)]
    [InlineData("production", "staging", false)]
    [InlineData("dwcp-a", null, false)]
    [InlineData("dwcp-a", "staging", true)]
    public void Canaries_exist_in_staging_only(string podNamespace, string? environment, bool allowed)
    {
        _pod.Environment["DWCP_POD_NAMESPACE"] = podNamespace;
        if (environment is not null) _pod.Environment["DWCP_ENVIRONMENT"] = environment;
        Assert.Equal(allowed, _pod.ReadOptions().AllowsCanary);
    }

    [Theory]
    [InlineData("dwcp-v3-redis", "127.50.0.9")]
    [InlineData("dwcp-v3-redis.staging.svc", "127.50.0.9")]
    [InlineData("dwcp-v3-redis.other", "dwcp-v3-redis.other")]
    [InlineData("10.1.2.3", "10.1.2.3")]
    public void A_service_is_found_by_its_link(string host, string found) => Assert.Equal(
        found, ServiceAddress.Resolve(host, "staging", name => name == "DWCP_V3_REDIS_SERVICE_HOST" ? "127.50.0.9" : null));
}
