using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>Whatever comes in, the answer is a Status and the server goes on.</summary>
public sealed class ApiFuzzTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static readonly string[] Medias =
    [
        "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json", "application/apply-patch+yaml", "text/plain",
    ];

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ":", ",", "\"metadata\"", "\"name\"", "\"spec\"", "\"a\"", "null", "-1", "1e999", "\"\\ud800\"", "true", "\"containers\"", "\"$patch\"",
        "\"op\"", "\"path\"", "\"/spec\"", "&a", "*a", "\n", "- ", "\u0001", "k8s\0", "\"x\"",
    ];

    [Fact]
    public async Task Garbage_is_refused_with_a_status()
    {
        var ns = api.NewNamespace();
        api.Store.Create(ResourceTypes.ConfigMaps, Manifests.ConfigMap(ns, "c"));
        var random = new Random(20261124);
        for (var i = 0; i < 400; i++)
        {
            var body = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            var type = ResourceTypes.BuiltIn[random.Next(ResourceTypes.BuiltIn.Count)];
            var root = (type.Group.Length == 0 ? "/api/v1" : $"/apis/{type.ApiVersion}") + (type.Namespaced ? $"/namespaces/{ns}" : "") + "/" + type.Plural;
            var (method, path) = random.Next(3) switch { 0 => (HttpMethod.Post, root), 1 => (HttpMethod.Put, root + "/c"), _ => (HttpMethod.Patch, root + "/c") };
            var (code, status) = await api.SendAsync(method, path + "?fieldManager=f", body, Medias[random.Next(Medias.Length)]);
            Assert.False(status.Text("reason") == "InternalError", $"{method} {path} of {body}: {status.ToJsonString()}");
            Assert.True(code is < 500 or 500 && (code < 400 || status.Kind() == "Status"), $"{method} {path} of {body}: {code}");
        }
    }

    [Fact]
    public async Task Damaged_documents_never_break_the_server()
    {
        var ns = api.NewNamespace();
        var whole = Manifests.Pod(ns, "p", ("a", "b")).ToJsonString();
        var cases = new List<string>();
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Char[' ', '~']).Array[1, 4].Sample(changes =>
        {
            var text = new StringBuilder(whole);
            foreach (var (at, c) in changes)
            {
                text[at] = c;
            }
            lock (cases)
            {
                cases.Add(text.ToString());
            }
        }, iter: 200);
        foreach (var text in cases)
        {
            var (_, status) = await api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/pods?dryRun=All", text);
            Assert.False(status.Text("reason") == "InternalError", $"{text}: {status.ToJsonString()}");
        }
    }

    [Fact]
    public async Task Bodies_are_bounded_in_size_and_depth()
    {
        var huge = new JsonObject { ["data"] = new JsonObject { ["k"] = new string('x', 4 * 1024 * 1024) } }.ToJsonString();
        Assert.Equal(413, (await api.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps", huge)).Code);
        var deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.Equal(400, (await api.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps", deep)).Code);
    }

    [Fact]
    public async Task Unknown_fields_and_wrong_types_are_named()
    {
        var ns = api.NewNamespace();
        async Task<string> MessageAsync(string plural, string body) =>
            (await api.SendAsync(HttpMethod.Post, $"{plural.Replace("{ns}", ns, StringComparison.Ordinal)}?fieldValidation=Strict", body)).Body.Text("message") ?? "";

        Assert.Equal(
            "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.containers[0].imag\", unknown field \"spec.nodeNam\"",
            await MessageAsync("/api/v1/namespaces/{ns}/pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","imag":"x"}],"nodeNam":"n"}}"""));
        Assert.Equal(
            "Service in version \"v1\" cannot be handled as a Service: strict decoding error: duplicate field \"spec.type\"",
            await MessageAsync("/api/v1/namespaces/{ns}/services", """{"metadata":{"name":"s"},"spec":{"type":"ClusterIP","type":"NodePort","ports":[{"port":1}]}}"""));
        Assert.Equal(
            "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
            await MessageAsync("/apis/apps/v1/namespaces/{ns}/deployments", """{"metadata":{"name":"d"},"spec":{"replicas":"two"}}"""));
        Assert.Equal(
            "Service \"s\" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value]",
            await MessageAsync("/api/v1/namespaces/{ns}/services", """{"metadata":{"name":"s"},"spec":{"ports":[{"port":1},{"port":2}]}}"""));
        Assert.StartsWith(
            "Deployment.apps \"d\" is invalid: [spec.template.metadata.labels: Invalid value: {\"a\":\"c\"}: `selector` does not match template `labels`, spec.template.spec.containers: Required value",
            await MessageAsync(
                "/apis/apps/v1/namespaces/{ns}/deployments",
                """{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"c"}},"spec":{"containers":[]}}}}"""),
            StringComparison.Ordinal);
    }
}
