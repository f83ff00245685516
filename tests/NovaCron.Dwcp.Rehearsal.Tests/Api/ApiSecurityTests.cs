using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>Who may do what.</summary>
public sealed class ApiSecurityTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private readonly string _ns = api.NewNamespace();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_token_only_health_and_version_answer()
    {
        using var nobody = api.HttpOf(null);
        Assert.Equal("ok", await nobody.GetStringAsync("/readyz", Ct));
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, "/version", client: nobody)).Code);
        var (code, status) = await api.SendAsync(HttpMethod.Get, "/api/v1/pods", client: nobody);
        Assert.Equal(403, code);
        Assert.Equal("pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" at the cluster scope", status.Text("message"));
        using var forger = api.HttpOf("not-a-token");
        Assert.Equal(401, (await api.SendAsync(HttpMethod.Get, "/api/v1/pods", client: forger)).Code);
    }

    [Fact]
    public async Task A_service_account_may_do_what_its_role_names_and_no_more()
    {
        Grant("reader", "ServiceAccount", "default", Rule([""], ["configmaps"], ["get", "watch"], "mine"), Rule([""], ["pods/log"], ["get"]));
        using var account = api.HttpOf(api.Server.IssueToken(_ns, "default", TimeSpan.FromHours(1)));
        api.Store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap(_ns, "mine"));
        api.Store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap(_ns, "other"));
        api.Store.Create(ResourceTypes.Pods, Manifests.Pod(_ns, "p"));
        var maps = $"/api/v1/namespaces/{_ns}/configmaps";
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, maps + "/mine", client: account)).Code);
        var (code, status) = await api.SendAsync(HttpMethod.Get, maps + "/other", client: account);
        Assert.Equal(403, code);
        Assert.Equal(
            $"configmaps \"other\" is forbidden: User \"system:serviceaccount:{_ns}:default\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"{_ns}\"",
            status.Text("message"));
        Assert.Equal(403, (await api.SendAsync(HttpMethod.Get, maps, client: account)).Code);
        Assert.Equal(403, (await api.SendAsync(HttpMethod.Patch, maps + "/mine", "{}", "application/merge-patch+json", account)).Code);
        Assert.Equal(403, (await api.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{_ns}/pods/p", client: account)).Code);
        Assert.Contains("line 9", await account.GetStringAsync($"/api/v1/namespaces/{_ns}/pods/p/log", Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watching_one_object_by_name_is_allowed_by_its_resource_name()
    {
        Grant("watcher", "User", "alice", Rule([""], ["configmaps"], ["get", "list", "watch"], "mine"));
        api.Store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap(_ns, "mine"));
        using var alice = api.ClientOf("alice@rehearsal");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await foreach (var (type, item) in alice.WatchListNamespacedConfigMapAsync(_ns, fieldSelector: "metadata.name=mine", cancellationToken: limit.Token))
        {
            Assert.Equal((WatchEventType.Added, "mine"), (type, item.Name()));
            break;
        }
        await ApiClientTests.RefusedAsync(403, "Forbidden", null, () => alice.ListNamespacedConfigMapAsync(_ns, cancellationToken: Ct));
    }

    [Fact]
    public async Task A_token_ends_with_its_pod_and_its_account()
    {
        api.Store.Create(ResourceTypes.ServiceAccounts, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "sa", ["namespace"] = _ns } });
        api.Store.Create(ResourceTypes.Pods, Manifests.Pod(_ns, "p"));
        using var bound = api.HttpOf(api.Server.IssueToken(_ns, "sa", TimeSpan.FromHours(1), "p"));
        using var free = api.HttpOf(api.Server.IssueToken(_ns, "sa", TimeSpan.FromHours(1)));
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, "/api", client: bound)).Code);
        api.Store.Delete(ResourceTypes.Pods, _ns, "p");
        Assert.Equal(401, (await api.SendAsync(HttpMethod.Get, "/api", client: bound)).Code);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, "/api", client: free)).Code);
        api.Store.Delete(ResourceTypes.ServiceAccounts, _ns, "sa");
        Assert.Equal(401, (await api.SendAsync(HttpMethod.Get, "/api", client: free)).Code);
    }

    [Fact]
    public async Task A_requested_token_is_valid_for_its_audience_only()
    {
        var request = new Authenticationv1TokenRequest { Spec = new() { Audiences = ["vault"], ExpirationSeconds = 600 } };
        var token = (await api.Client.CreateNamespacedServiceAccountTokenAsync(request, "default", _ns, cancellationToken: Ct)).Status.Token;
        using var client = api.HttpOf(token);
        Assert.Equal(401, (await api.SendAsync(HttpMethod.Get, "/api", client: client)).Code);
        var review = await api.Client.CreateTokenReviewAsync(new() { Spec = new() { Token = token, Audiences = ["vault"] } }, cancellationToken: Ct);
        Assert.True(review.Status.Authenticated);
        Assert.Equal($"system:serviceaccount:{_ns}:default", review.Status.User.Username);
        Assert.False((await api.Client.CreateTokenReviewAsync(new() { Spec = new() { Token = token } }, cancellationToken: Ct)).Status.Authenticated);
    }

    [Fact]
    public async Task Reviews_tell_who_one_is_and_what_one_may_do()
    {
        Grant("viewer", "Group", "approvers", Rule(["apps"], ["deployments", "deployments/scale"], ["get"]));
        using var bob = api.ClientOf("bob@rehearsal");
        var self = await bob.CreateSelfSubjectReviewAsync(new(), cancellationToken: Ct);
        Assert.Equal("bob", self.Status.UserInfo.Username);
        Assert.Contains("approvers", self.Status.UserInfo.Groups);
        async Task<bool> MayAsync(string verb, string resource, string sub = "") => (await bob.CreateSelfSubjectAccessReviewAsync(
            new() { Spec = new() { ResourceAttributes = new() { Verb = verb, Group = "apps", Resource = resource, Subresource = sub, NamespaceProperty = _ns } } },
            cancellationToken: Ct)).Status.Allowed;

        Assert.True(await MayAsync("get", "deployments"));
        Assert.True(await MayAsync("get", "deployments", "scale"));
        Assert.False(await MayAsync("get", "deployments", "status"));
        Assert.False(await MayAsync("delete", "deployments"));
    }

    [Fact]
    public async Task Nobody_grants_what_he_does_not_hold()
    {
        Grant("role-writer", "User", "alice", Rule(["rbac.authorization.k8s.io"], ["roles", "rolebindings"], ["create"]), Rule([""], ["pods"], ["get"]));
        using var alice = api.ClientOf("alice@rehearsal");
        V1Role Role(string name, string verb) => new()
        {
            Metadata = new() { Name = name }, Rules = [new() { ApiGroups = [""], Resources = ["pods"], Verbs = [verb] }],
        };
        await alice.CreateNamespacedRoleAsync(Role("ok", "get"), _ns, cancellationToken: Ct);
        var status = await ApiClientTests.RefusedAsync(403, "Forbidden", null, () => alice.CreateNamespacedRoleAsync(Role("more", "delete"), _ns, cancellationToken: Ct));
        Assert.Contains("attempting to grant RBAC permissions not currently held", status.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregated_roles_include_what_carries_their_label()
    {
        api.Store.Create(ResourceTypes.ClusterRoles, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "extra-" + _ns, ["labels"] = new JsonObject { ["rbac.authorization.k8s.io/aggregate-to-view"] = "true" } },
            ["rules"] = new JsonArray(Rule(["extra.io"], ["things"], ["get"])),
        });
        Bind("view", "ClusterRole", "User", "alice");
        using var alice = api.ClientOf("alice@rehearsal");
        var review = await alice.CreateSelfSubjectAccessReviewAsync(
            new() { Spec = new() { ResourceAttributes = new() { Verb = "get", Group = "extra.io", Resource = "things", NamespaceProperty = _ns } } }, cancellationToken: Ct);
        Assert.True(review.Status.Allowed);
        Assert.Empty((await alice.ListNamespacedPodAsync(_ns, cancellationToken: Ct)).Items);
        await ApiClientTests.RefusedAsync(403, "Forbidden", null, () => alice.ListNamespacedSecretAsync(_ns, cancellationToken: Ct));
    }

    [Fact]
    public async Task Faults_slow_fail_and_cut_the_server_until_they_are_mended()
    {
        await using var own = new OwnServer();
        var server = await own.StartAsync();
        server.Server.Fault = new() { ErrorShare = 1, ErrorStatus = 429 };
        var (code, status) = await server.SendAsync(HttpMethod.Get, "/api");
        Assert.Equal((429, "TooManyRequests"), (code, status.Text("reason")));
        server.Server.Fault = new() { Latency = TimeSpan.FromMilliseconds(120) };
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/api")).Code);
        Assert.True(clock.ElapsedMilliseconds >= 110);
        server.Server.Fault = null;
        using var watch = await server.Http.GetAsync("/api/v1/pods?watch=1", HttpCompletionOption.ResponseHeadersRead, Ct);
        server.Server.Fault = new ApiServerFault { Outage = true };
        await using (var stream = await watch.Content.ReadAsStreamAsync(Ct))
        {
            await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null, Ct));
        }
        await Assert.ThrowsAsync<HttpRequestException>(() => server.SendAsync(HttpMethod.Get, "/api"));
        server.Server.Fault = null;
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/api")).Code);
    }

    private void Grant(string role, string kind, string subject, params JsonObject[] rules)
    {
        api.Store.Create(ResourceTypes.Roles, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = role, ["namespace"] = _ns }, ["rules"] = new JsonArray([.. rules]),
        });
        Bind(role, "Role", kind, subject);
    }

    private void Bind(string role, string roleKind, string kind, string subject)
    {
        var who = new JsonObject { ["kind"] = kind, ["name"] = subject };
        if (kind == "ServiceAccount")
        {
            who["namespace"] = _ns;
        }
        api.Store.Create(ResourceTypes.RoleBindings, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = role, ["namespace"] = _ns },
            ["roleRef"] = new JsonObject { ["kind"] = roleKind, ["name"] = role },
            ["subjects"] = new JsonArray(who),
        });
    }

    private static JsonObject Rule(string[] groups, string[] resources, string[] verbs, params string[] names)
    {
        static JsonArray Array(string[] texts) => [.. texts.Select(static t => (JsonNode)t)];

        var rule = new JsonObject { ["apiGroups"] = Array(groups), ["resources"] = Array(resources), ["verbs"] = Array(verbs) };
        if (names.Length > 0)
        {
            rule["resourceNames"] = Array(names);
        }
        return rule;
    }
}
