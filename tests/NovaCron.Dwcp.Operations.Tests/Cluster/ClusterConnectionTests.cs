using System.Net;
using System.Text.Json.Nodes;
using k8s.Models;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Cluster;

public sealed class ClusterConnectionTests : IDisposable
{
    private readonly FakeApiServer _server = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-cluster-").FullName;

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_directory, true);
    }

    private static ClusterConnectionOptions Fast => new() { MaximumRetryDelay = TimeSpan.FromMilliseconds(5), RequestTimeout = TimeSpan.FromSeconds(5) };

    private static JsonObject Map(string name, string value) => new()
    {
        ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "x" }, ["data"] = new JsonObject { ["a"] = value },
    };

    [Fact]
    public async Task A_throttled_write_is_repeated_after_the_time_that_the_server_asked_for()
    {
        var refused = 0;
        _server.Intercept = (r, _) => r.Method == HttpMethod.Post && refused++ < 2 ? FakeApiServer.Failure(429, "TooManyRequests", "slow down", 0.001) : null;
        using var connection = _server.Connect(Fast);
        await connection.CreateAsync(Map("m", "1"));
        Assert.Equal(3, refused);
        Assert.Equal("1", _server.Get("api/v1/namespaces/x/configmaps/m")["data"]!["a"]!.ToString());
    }

    [Fact]
    public async Task A_create_that_failed_on_the_servers_side_is_not_repeated_because_it_may_have_happened()
    {
        var sent = 0;
        _server.Intercept = (r, _) => r.Method == HttpMethod.Post && ++sent > 0 ? FakeApiServer.Failure(500, "InternalError", "etcd is away") : null;
        using var connection = _server.Connect(Fast);
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.CreateAsync(Map("m", "1")));
        Assert.Equal(1, sent);
        Assert.Equal(ClusterFailure.ServerError, e.Failure);
        Assert.Equal("ConfigMap x/m", e.Target);
    }

    [Fact]
    public async Task A_read_that_failed_on_the_servers_side_is_repeated()
    {
        _server.Put("api/v1/namespaces/x/configmaps/m", Map("m", "1"));
        var sent = 0;
        _server.Intercept = (_, _) => ++sent < 4 ? FakeApiServer.Failure(503, "ServiceUnavailable", "starting") : null;
        using var connection = _server.Connect(Fast);
        Assert.Equal("1", (await connection.GetAsync(ClusterResource.ConfigMap, "x", "m"))["data"]!["a"]!.ToString());
        Assert.Equal(4, sent);
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_and_its_items_say_what_they_are()
    {
        var asked = new List<string>();
        _server.Intercept = (request, _) =>
        {
            var query = request.RequestUri!.Query;
            asked.Add(query);
            var second = query.Contains("continue=more", StringComparison.Ordinal);
            var (next, name) = second ? ("", "b") : (""","continue":"more" """, "a");
            var page = $$"""{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"{{next}} },"items":[{"metadata":{"name":"{{name}}"},"data":{"k":"v"} }]}""";
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(page) };
        };
        using var connection = _server.Connect(Fast);
        var one = new List<V1ConfigMap>();
        await foreach (var map in connection.EnumerateAsync<V1ConfigMap>("x", "app=dwcp", null, TestContext.Current.CancellationToken)) one.Add(map);
        var all = await connection.ListAsync<V1ConfigMap>("x", "app=dwcp", cancellationToken: TestContext.Current.CancellationToken);
        var documents = await connection.ListAsync(ClusterResource.ConfigMap, "x", "app=dwcp", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b"], one.Select(map => map.Metadata.Name));
        Assert.Equal(["a", "b"], all.Select(map => map.Metadata.Name));
        Assert.Equal(["a", "b"], documents.Select(map => map["metadata"]!["name"]!.ToString()));
        Assert.All(one.Concat(all), map => Assert.Equal(("v1", "ConfigMap", "v"), (map.ApiVersion, map.Kind, map.Data["k"])));
        Assert.All(documents, map => Assert.Equal(("v1", "ConfigMap"), (map["apiVersion"]!.ToString(), map["kind"]!.ToString())));
        Assert.Equal(6, asked.Count);
        Assert.Contains("limit=100", asked[0], StringComparison.Ordinal);
        Assert.Contains("limit=500", asked[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>sign in</html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"metadata\": 7}")]
    [InlineData("")]
    public async Task An_answer_that_is_no_object_of_its_kind_is_told_as_such_whatever_it_is(string answer)
    {
        _server.Intercept = (_, _) => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer) };
        using var connection = _server.Connect(Fast);
        var read = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.GetAsync<V1ConfigMap>("x", "m", TestContext.Current.CancellationToken));
        var listed = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.ListAsync<V1ConfigMap>("x", cancellationToken: TestContext.Current.CancellationToken));
        Assert.All([read, listed], e => Assert.Contains("no JSON object", e.Message, StringComparison.Ordinal));
        Assert.Equal("ConfigMap x/m", read.Target);
    }

    [Theory]
    [InlineData(401, "Unauthorized", "Unauthorized", ClusterFailure.Unauthorized, "token")]
    [InlineData(403, "Forbidden", "configmaps \"m\" is forbidden: User \"jane\" cannot get resource", ClusterFailure.Forbidden, "permission")]
    [InlineData(403, "Forbidden", "pods \"m\" is forbidden: exceeded quota: q", ClusterFailure.Forbidden, "ResourceQuota")]
    [InlineData(404, "NotFound", "configmaps \"m\" not found", ClusterFailure.NotFound, "deploy it first")]
    [InlineData(404, "NotFound", "the server could not find the requested resource", ClusterFailure.NotFound, "CustomResourceDefinition")]
    [InlineData(409, "Conflict", "Apply failed with 1 conflict: conflict with \"kubectl\": .data.a", ClusterFailure.Conflict, "field manager")]
    [InlineData(422, "Invalid", "ConfigMap \"m\" is invalid: data: Invalid value", ClusterFailure.Invalid, "Correct the fields")]
    [InlineData(429, "TooManyRequests", "too many requests", ClusterFailure.Throttled, "wait")]
    [InlineData(504, "Timeout", "request did not complete", ClusterFailure.ServerError, "control plane")]
    public async Task A_refusal_names_object_reason_and_remedy(int code, string reason, string message, ClusterFailure failure, string remedy)
    {
        _server.Intercept = (_, _) => FakeApiServer.Failure(code, reason, message);
        using var connection = _server.Connect(Fast with { MaximumAttempts = 2 });
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.GetAsync(ClusterResource.ConfigMap, "x", "m"));
        Assert.Equal(failure, e.Failure);
        Assert.Equal("ConfigMap x/m", e.Target);
        Assert.Equal((HttpStatusCode)code, e.StatusCode);
        Assert.Contains(message, e.Message);
        Assert.Contains(remedy, e.Remedy);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_a_timeout_and_not_a_hang()
    {
        using var silent = new SilentHandler();
        using var connection = ClusterConnection.Open(
            new ClusterConnectionOptions { Server = "https://fake.test", Token = "t", RequestTimeout = TimeSpan.FromMilliseconds(50) }, silent, TimeProvider.System);
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.GetVersionAsync());
        Assert.Equal(ClusterFailure.Timeout, e.Failure);
        Assert.Contains("0.1 s", e.Message);
    }

    [Fact]
    public async Task An_unreachable_server_is_named()
    {
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { Server = "http://127.0.0.1:1", Token = "t", MaximumRetryDelay = TimeSpan.Zero });
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.GetVersionAsync());
        Assert.Equal(ClusterFailure.Unreachable, e.Failure);
        Assert.Contains("http://127.0.0.1:1", e.Message);
    }

    [Fact]
    public async Task Applying_twice_changes_nothing_and_says_so()
    {
        _server.Put("api/v1/namespaces/x", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "x" } });
        using var connection = _server.Connect(Fast);
        Assert.Equal(ApplyOutcome.Created, (await connection.ApplyAsync(Map("m", "1"))).Outcome);
        Assert.Equal(ApplyOutcome.Unchanged, (await connection.ApplyAsync(Map("m", "1"))).Outcome);
        var changed = await connection.ApplyAsync(Map("m", "2"), options: new ApplyOptions { DryRun = true });
        Assert.Equal(ApplyOutcome.Changed, changed.Outcome);
        Assert.Equal("~ /data/a: \"1\" -> \"2\"", Assert.Single(changed.Changes).ToString());
        Assert.Equal("1", _server.Get("api/v1/namespaces/x/configmaps/m")["data"]!["a"]!.ToString());
        Assert.Contains(_server.Requests, r => r.Contains("fieldManager=novacron-dwcp&fieldValidation=Strict&force=true", StringComparison.Ordinal));
    }

    [Fact]
    public void Values_of_secrets_never_appear_in_a_difference()
    {
        JsonObject Secret(string value) => new() { ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = "s" }, ["data"] = new JsonObject { ["k"] = value } };
        var change = Assert.Single(DocumentDiff.Compare(Secret("b2xk"), Secret("bmV3")));
        Assert.Equal("~ /data/k: *** -> ***", change.ToString());
    }

    [Fact]
    public async Task A_pods_own_error_is_an_answer_and_the_proxys_error_is_not()
    {
        _server.Proxy = (_, port, _, _, _) => port == "8080" ? (503, "not ready") : (-1, "error trying to reach service: connection refused");
        using var connection = _server.Connect(Fast);
        var answer = await connection.GetFromPodAsync("x", "p", 8080, "/ready");
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Equal("not ready", answer.Text);
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.GetFromPodAsync("x", "p", 9090, "/metrics"));
        Assert.Equal(ClusterFailure.Unreachable, e.Failure);
        Assert.Equal("pod x/p port 9090 GET /metrics", e.Target);
    }

    [Fact]
    public async Task A_watch_survives_an_expired_version_and_reports_what_vanished_meanwhile()
    {
        _server.Put("api/v1/namespaces/x/configmaps/a", Map("a", "1"));
        _server.Put("api/v1/namespaces/x/configmaps/b", Map("b", "1"));
        var watches = 0;
        _server.Intercept = (r, _) =>
        {
            if (!r.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal))
                return null;
            if (watches++ > 0)
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{"type":"MODIFIED","object":{"metadata":{"name":"b","namespace":"x","uid":"uid-api-v1-namespaces-x-configmaps-b","resourceVersion":"900"}}}""" + "\n") };
            _server.Objects.Remove("api/v1/namespaces/x/configmaps/a");
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}""" + "\n") };
        };
        using var connection = _server.Connect(Fast);
        var seen = new List<string>();
        await foreach (var item in connection.WatchAsync(ClusterResource.ConfigMap, "x"))
        {
            seen.Add($"{item.Change} {item.Object["metadata"]!["name"]}");
            if (seen.Count == 4)
                break;
        }

        Assert.Equal(["Added a", "Added b", "Deleted a", "Modified b"], seen);
    }

    [Fact]
    public async Task A_kind_of_another_group_is_found_by_discovery()
    {
        _server.Intercept = (r, _) => r.RequestUri!.AbsolutePath switch
        {
            "/apis/monitoring.coreos.com/v1" => FakeApiServer.Json(HttpStatusCode.OK, JsonNode.Parse("""{"resources":[{"name":"servicemonitors","kind":"ServiceMonitor","namespaced":true},{"name":"servicemonitors/status","kind":"ServiceMonitor","namespaced":true}]}""")!),
            _ => null,
        };
        using var connection = _server.Connect(Fast);
        Assert.Equal(new ClusterResource("monitoring.coreos.com", "v1", "servicemonitors", "ServiceMonitor", true), await connection.ResolveAsync("monitoring.coreos.com/v1", "ServiceMonitor"));
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => connection.ResolveAsync("monitoring.coreos.com/v1", "Nonsense"));
        Assert.Contains("does not serve this kind", e.Message);
    }

    [Fact]
    public void A_kubeconfig_with_an_exec_plugin_says_what_to_give_instead()
    {
        var file = Kubeconfig("user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token]}}");
        var e = Assert.Throws<DwcpClusterException>(() => ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = file }));
        Assert.Equal(ClusterFailure.Configuration, e.Failure);
        Assert.Contains("'aws' (an exec plugin)", e.Message);
        Assert.Contains("server, token and CA", e.Remedy);
    }

    [Fact]
    public void A_kubeconfig_with_a_token_is_used()
    {
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = Kubeconfig("user: {token: abc}") });
        Assert.Equal("https://127.0.0.1:6443", connection.Server);
        Assert.Equal("main", connection.Context);
        Assert.Equal("team", connection.DefaultNamespace);
    }

    [Theory]
    [InlineData("nowhere.yaml", null, "does not exist")]
    [InlineData("broken", null, "cannot be read")]
    [InlineData("good", "other", "has no context 'other' (it has main)")]
    public void A_kubeconfig_that_cannot_be_used_says_why(string which, string? context, string expected)
    {
        var file = which switch
        {
            "broken" => Write("kind: Config\nclusters: [\n"),
            "good" => Kubeconfig("user: {token: abc}"),
            _ => Path.Combine(_directory, which),
        };
        var e = Assert.Throws<DwcpClusterException>(() => ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = file, Context = context }));
        Assert.Equal(ClusterFailure.Configuration, e.Failure);
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void A_token_never_travels_in_plain_text_over_a_network()
    {
        var e = Assert.Throws<DwcpClusterException>(() => ClusterConnection.Open(new ClusterConnectionOptions { Server = "http://10.0.0.1:8080", Token = "t" }));
        Assert.Contains("plain text", e.Message);
    }

    private string Kubeconfig(string user) => Write($"""
        apiVersion: v1
        kind: Config
        current-context: main
        clusters: [{"{"}name: c, cluster: {"{"}server: "https://127.0.0.1:6443"{"}"}{"}"}]
        contexts: [{"{"}name: main, context: {"{"}cluster: c, user: u, namespace: team{"}"}{"}"}]
        users:
        - name: u
          {user}
        """);

    private string Write(string text)
    {
        var file = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
        File.WriteAllText(file, text);
        return file;
    }

    private sealed class SilentHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("unreachable");
        }
    }
}
