using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Node.Hosting;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Node.Tests.Hosting;

public sealed class NodeStartTests : IAsyncLifetime
{
    private FakeApiServer _cluster = null!;
    private TestPod _pod = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await FakeApiServer.StartAsync();
        _pod = _cluster.CreatePod();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _pod.Dispose();
    }

    [Theory]
    [InlineData("PORT")]
    [InlineData("DWCP_ADMIN_PORT")]
    [InlineData("PROMETHEUS_PORT")]
    [InlineData("DWCP_DATA_PORT")]
    public async Task A_port_that_is_taken_is_named_with_its_setting(string setting)
    {
        using var squatter = new TcpListener(IPAddress.Loopback, 0);
        squatter.Start();
        var port = ((IPEndPoint)squatter.LocalEndpoint).Port;
        _pod.Environment[setting] = $"{port}";
        var error = await StartFailsAsync();
        Assert.Contains($"{setting} {port}", error.Message);
        Assert.Matches("in use|is taken", error.Message);
    }

    [Fact]
    public async Task A_standalone_node_serves_without_a_cluster()
    {
        foreach (var name in (string[])["DWCP_POD_NAME", "DWCP_POD_NAMESPACE", "KUBERNETES_SERVICE_HOST"]) _pod.Environment.Remove(name);
        Directory.Delete(_pod.Paths.ServiceAccount, recursive: true);
        _pod.Environment["DWCP_STANDALONE"] = "1";
        var log = new LogLines();
        await using var node = await NodeHost.StartAsync(_pod.ReadOptions(), _pod.ReadVariable, log, TimeProvider.System);
        await Eventually.TrueAsync(() => node.IsReady, "the node is ready", detail: () => log.Text);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var request = new TransferRequest { Remote = new Uri($"dwcp://{node.DataEndPoint}/a"), ClientId = "c", ApiKey = _pod.ApiKey, TrustedCertificates = _pod.Authority.Roots, Versions = [1, 3] };
        Assert.Equal(3, (await client.SendAsync(request, TransferSource.FromMemory(new byte[100_000]))).Version);
        Assert.Contains("there is no flag without a cluster", log.Text);
    }

    [Fact]
    public async Task Two_settings_with_one_port_are_told_before_anything_is_opened()
    {
        _pod.Environment["PORT"] = "18080";
        _pod.Environment["PROMETHEUS_PORT"] = "18080";
        Assert.Contains("18080, which another of the node's ports uses too", (await StartFailsAsync()).Message);
    }

    [Fact]
    public async Task A_store_that_cannot_be_used_is_named_with_its_claim()
    {
        Directory.Delete(_pod.Paths.Store, recursive: true);
        await File.WriteAllTextAsync(_pod.Paths.Store, "a file where the claim should be mounted");
        var error = await StartFailsAsync();
        Assert.Contains(_pod.Paths.Store, error.Message);
        Assert.Contains("dwcp-v3-store", error.Message);
    }

    [Fact]
    public async Task A_missing_secret_is_named()
    {
        File.Delete(Path.Combine(_pod.Paths.Secrets, "ticket-key"));
        Assert.Contains("ticket-key", (await StartFailsAsync()).Message);
    }

    [Fact]
    public async Task A_missing_service_account_is_named()
    {
        File.Delete(Path.Combine(_pod.Paths.ServiceAccount, "token"));
        Assert.Contains("automountServiceAccountToken", (await StartFailsAsync()).Message);
    }

    [Fact]
    public async Task It_starts_but_is_not_ready_until_the_flag_is_known()
    {
        _cluster.SetOutage(true);
        await using var node = await NodeHost.StartAsync(_pod.ReadOptions(), _pod.ReadVariable, new LogLines(), TimeProvider.System);
        Assert.False(node.IsReady);
        Assert.Equal(0, node.Flag.State.Effective);
        _cluster.SetOutage(false);
        await Eventually.TrueAsync(() => node.IsReady, "ready when the API server is back");
    }

    private async Task<DwcpNodeException> StartFailsAsync() =>
        await Assert.ThrowsAsync<DwcpNodeException>(() => NodeHost.StartAsync(_pod.ReadOptions(), _pod.ReadVariable, new LogLines(), TimeProvider.System));
}
