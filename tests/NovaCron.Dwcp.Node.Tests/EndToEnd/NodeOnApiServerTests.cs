using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using NovaCron.Dwcp.Node.Hosting;
using NovaCron.Dwcp.Node.Kubernetes;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Node.Tests.EndToEnd;

/// <summary>A node on the rehearsal's API server, with the Role that is shipped and nothing more.</summary>
public sealed class NodeOnApiServerTests : IAsyncLifetime
{
    private const string Namespace = "staging";
    private ApiServer _api = null!;
    private TestPod _pod = null!;
    private IKubernetes _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await ApiServer.StartAsync(new ClusterStore(), new ApiServerOptions());
        _admin = new k8s.Kubernetes(new KubernetesClientConfiguration
        {
            Host = _api.Url.AbsoluteUri,
            AccessToken = _api.AdministratorToken,
            SslCaCerts = [System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(_api.CertificateAuthorityPem)],
        });
        await _admin.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = Namespace } });
        await _admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "dwcp-v3" } }, Namespace);
        var shipped = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "assets/node-permissions.yaml"))).Replace("${namespace}", Namespace);
        foreach (var document in KubernetesYaml.LoadAllFromString(shipped))
        {
            // The file also binds the guardian, whose Role is not needed here.
            if (document is V1Role role) await _admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(role, Namespace);
            if (document is V1RoleBinding { RoleRef.Name: "dwcp-v3-node" } binding) await _admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(binding, Namespace);
        }

        await _admin.CoreV1.CreateNamespacedConfigMapAsync(Config("0"), Namespace);
        var token = await _admin.CoreV1.CreateNamespacedServiceAccountTokenAsync(new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [] } }, "dwcp-v3", Namespace);
        _pod = new TestPod(_api.Url.Host, _api.Url.Port, _api.CertificateAuthorityPem);
        await File.WriteAllTextAsync(Path.Combine(_pod.Paths.ServiceAccount, "token"), token.Status.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _api.DisposeAsync();
        _pod.Dispose();
    }

    [Fact]
    public async Task The_shipped_role_is_enough_to_follow_the_flag_and_for_nothing_else()
    {
        await using var node = await StartAsync();
        var patched = await PatchFlagAsync("25");
        await Eventually.TrueAsync(() => node.Flag.State.Effective == 25, "25 %");
        Assert.Equal(patched.ResourceVersion(), node.Flag.State.Revision);
        using var asNode = ClusterAccess.Connect(_pod.ReadOptions(), TimeProvider.System);
        foreach (var forbidden in (Func<Task>[])
        [
            () => asNode.CoreV1.ListNamespacedConfigMapAsync(Namespace),
            () => asNode.CoreV1.ListNamespacedSecretAsync(Namespace),
            () => asNode.CoreV1.PatchNamespacedConfigMapAsync(FlagPatch("100"), "dwcp-v3-config", Namespace),
        ])
            Assert.Equal(HttpStatusCode.Forbidden, (await Assert.ThrowsAsync<HttpOperationException>(forbidden)).Response.StatusCode);
    }

    [Fact]
    public async Task Every_change_of_a_long_series_is_followed_to_the_last()
    {
        await using var node = await StartAsync();
        V1ConfigMap last = null!;
        for (var percent = 1; percent <= 60; percent++) last = await PatchFlagAsync($"{percent}");
        await Eventually.TrueAsync(() => node.Flag.State.Revision == last.ResourceVersion(), "the last revision is in force");
        Assert.Equal(60, node.Flag.State.Effective);
    }

    [Fact]
    public async Task An_outage_and_a_lagging_server_change_nothing_and_the_newest_value_comes_after()
    {
        await using var node = await StartAsync();
        await PatchFlagAsync("25");
        await Eventually.TrueAsync(() => node.Flag.State.Effective == 25, "25 %");
        _api.Fault = new ApiServerFault { Outage = true };
        await Eventually.TrueAsync(() => node.Flag.Staleness > TimeSpan.FromSeconds(2), "the flag grows stale");
        Assert.Equal(25, node.Flag.State.Effective);
        Assert.True(node.IsReady);
        _api.Fault = new ApiServerFault { Latency = TimeSpan.FromMilliseconds(300) };
        await PatchFlagAsync("0");
        await Eventually.TrueAsync(() => node.Flag.State.Effective == 0, "0 %");
        _api.Fault = null;
    }

    private static V1ConfigMap Config(string flag) => new()
    {
        Metadata = new V1ObjectMeta { Name = "dwcp-v3-config" },
        Data = new Dictionary<string, string> { ["FEATURE_FLAG_V3_ROLLOUT"] = flag, ["FEATURE_FLAG_V3_CEILING"] = "100" },
    };

    private static V1Patch FlagPatch(string flag) => new($$$"""{"data":{"FEATURE_FLAG_V3_ROLLOUT":"{{{flag}}}"}}""", V1Patch.PatchType.MergePatch);

    private Task<V1ConfigMap> PatchFlagAsync(string flag) => _admin.CoreV1.PatchNamespacedConfigMapAsync(FlagPatch(flag), "dwcp-v3-config", Namespace);

    private async Task<NodeHost> StartAsync()
    {
        var log = new LogLines();
        var node = await NodeHost.StartAsync(_pod.ReadOptions(), _pod.ReadVariable, log, TimeProvider.System);
        await Eventually.TrueAsync(() => node.IsReady, "the node is ready", detail: () => log.Text);
        return node;
    }
}
