using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>The server as the kubectl of this machine sees it; skipped where there is none.</summary>
public sealed class ApiKubectlTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private readonly string _ns = api.NewNamespace();

    [Fact]
    public async Task Apply_diff_and_patches_work_on_both_sides()
    {
        ApiFixture.SkipWithoutKubectl();
        var manifest = Manifests.Deployment("web");
        Assert.Contains("deployment.apps/web created", await KubectlAsync(manifest, "apply", "-f", "-"), StringComparison.Ordinal);
        Assert.Contains("deployment.apps/web unchanged", await KubectlAsync(manifest, "apply", "-f", "-"), StringComparison.Ordinal);
        var (changed, diff) = await api.KubectlAsync(Manifests.Deployment("web", "web:2"), "-n", _ns, "diff", "-f", "-");
        Assert.Equal(1, changed);
        Assert.Contains("+      - image: web:2", diff, StringComparison.Ordinal);
        Assert.Contains("serverside-applied", await KubectlAsync(manifest, "apply", "--server-side", "-f", "-"), StringComparison.Ordinal);
        await KubectlAsync(null, "set", "image", "deploy/web", "main=web:3");
        var (refused, conflict) = await api.KubectlAsync(manifest, "-n", _ns, "apply", "--server-side", "-f", "-");
        Assert.NotEqual(0, refused);
        Assert.Contains("Apply failed with 1 conflict: conflict with \"kubectl-set\" using apps/v1", conflict, StringComparison.Ordinal);
        await KubectlAsync(manifest, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-");
        Assert.Equal("web:3", await KubectlAsync(null, "get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"));
        await KubectlAsync(null, "patch", "deploy", "web", "-p", """{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"web:4"}]}}}}""");
        await KubectlAsync(null, "patch", "deploy", "web", "--type=merge", "-p", """{"spec":{"replicas":5}}""");
        await KubectlAsync(null, "patch", "deploy", "web", "--type=json", "-p", """[{"op":"replace","path":"/spec/replicas","value":6}]""");
        var stored = api.Store.Get(ResourceTypes.Deployments, _ns, "web")!;
        Assert.Equal(("web:4", "6"), (stored.At("spec.template.spec.containers")![0]!["image"]!.ToString(), stored.At("spec.replicas")!.ToString()));
        Assert.Equal("80", stored.At("spec.template.spec.containers")![0]!["ports"]![0]!["containerPort"]!.ToString());
        Assert.Contains("deleted", await KubectlAsync(null, "delete", "deploy", "web", "--cascade=foreground"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_is_applied_item_by_item()
    {
        ApiFixture.SkipWithoutKubectl();
        const string List = """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {k: v}}
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {k: v}}
            """;
        var printed = await KubectlAsync(List, "apply", "-f", "-");
        Assert.Contains("configmap/one created", printed, StringComparison.Ordinal);
        Assert.Contains("configmap/two created", printed, StringComparison.Ordinal);
        Assert.Contains("configmap/two serverside-applied", await KubectlAsync(List, "apply", "--server-side", "--force-conflicts", "-f", "-"), StringComparison.Ordinal);
        var (refused, why) = await api.KubectlAsync(List.Replace("data: {k: v}", "date: {k: v}", StringComparison.Ordinal), "-n", _ns, "apply", "-f", "-");
        Assert.NotEqual(0, refused);
        Assert.Contains("unknown field \"date\"", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_describe_and_explain_print_what_is_there()
    {
        ApiFixture.SkipWithoutKubectl();
        await KubectlAsync(Manifests.Deployment("web"), "apply", "-f", "-");
        Assert.Matches(@"web\s+0/2\s+0\s+0\s+\S+\s+main\s+web:1\s+app=web", await KubectlAsync(null, "get", "deploy", "-o", "wide"));
        Assert.Contains("name: web", await KubectlAsync(null, "get", "deploy", "web", "-o", "yaml"), StringComparison.Ordinal);
        Assert.Contains("2 desired | 0 updated", await KubectlAsync(null, "describe", "deploy", "web"), StringComparison.Ordinal);
        Assert.Contains("containerPort", await KubectlAsync(null, "explain", "deployment.spec.template.spec.containers.ports"), StringComparison.Ordinal);
        Assert.Contains("deployment.apps/web restarted", await KubectlAsync(null, "rollout", "restart", "deploy/web"), StringComparison.Ordinal);
        Assert.Contains("scaled", await KubectlAsync(null, "scale", "deploy", "web", "--replicas=3"), StringComparison.Ordinal);
        Assert.Contains("horizontalpodautoscalers", await KubectlAsync(null, "api-resources"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_one_is_and_what_one_may_do()
    {
        ApiFixture.SkipWithoutKubectl();
        Assert.Contains("alice", await KubectlAsync(null, "--context", "alice@rehearsal", "auth", "whoami"), StringComparison.Ordinal);
        Assert.StartsWith("yes", await KubectlAsync(null, "auth", "can-i", "delete", "pods"), StringComparison.Ordinal);
        Assert.Contains("no", (await api.KubectlAsync(null, "--context", "alice@rehearsal", "-n", _ns, "auth", "can-i", "delete", "pods")).Output, StringComparison.Ordinal);
        await KubectlAsync(null, "create", "role", "reader", "--verb=get,list,watch", "--resource=pods");
        await KubectlAsync(null, "create", "rolebinding", "reader", "--role=reader", "--user=alice");
        Assert.StartsWith("yes", await KubectlAsync(null, "--context", "alice@rehearsal", "auth", "can-i", "list", "pods"), StringComparison.Ordinal);
        Assert.Contains("cannot delete resource \"pods\"", (await api.KubectlAsync(null, "--context", "alice@rehearsal", "-n", _ns, "delete", "pods", "x")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Custom_resources_have_columns_defaults_and_validation()
    {
        ApiFixture.SkipWithoutKubectl();
        await KubectlAsync(Manifests.Definition, "apply", "-f", "-");
        await KubectlAsync(null, "wait", "--for=condition=Established", "crd/gadgets.test.novacron.io", "--timeout=10s");
        await KubectlAsync(Gadget("size: 3"), "apply", "-f", "-");
        Assert.Matches(@"NAME\s+SIZE\s+READY\s+g\s+3\s*", await KubectlAsync(null, "get", "gd"));
        var (_, invalid) = await api.KubectlAsync(Gadget("size: 30, mode: middling, color: red"), "-n", _ns, "apply", "-f", "-");
        Assert.Contains("strict decoding error: unknown field \"spec.color\"", invalid, StringComparison.Ordinal);
        (_, invalid) = await api.KubectlAsync(Gadget("size: 30, mode: middling"), "-n", _ns, "apply", "-f", "-");
        Assert.Contains("spec.size in body should be less than or equal to 10", invalid, StringComparison.Ordinal);
        Assert.Contains("Unsupported value: \"middling\": supported values: \"slow\", \"fast\"", invalid, StringComparison.Ordinal);
        (_, invalid) = await api.KubectlAsync(Gadget("size: 3, owner: other"), "-n", _ns, "apply", "-f", "-");
        Assert.Contains("owner never changes", invalid, StringComparison.Ordinal);
        Assert.Equal("nobody", await KubectlAsync(null, "get", "gd", "g", "-o", "jsonpath={.spec.owner}"));
    }

    private static string Gadget(string spec) =>
        $"apiVersion: test.novacron.io/v1\nkind: Gadget\nmetadata: {{name: g}}\nspec: {{{spec}}}\n";

    private Task<string> KubectlAsync(string? input, params string[] arguments) => api.KubectlOkAsync(input, ["-n", _ns, .. arguments]);
}
