using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Manifests;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

public sealed class ManifestTests
{
    private static readonly JsonSerializerOptions Strict = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, PropertyNameCaseInsensitive = false };

    private static IReadOnlyList<JsonObject> Documents(StagingValues? values = null, string space = "staging") =>
        StagingService.RenderManifests(new StagingOptions { Namespace = space, Values = values ?? new StagingValues() });

    private static JsonObject Document(string kind, string name, StagingValues? values = null) =>
        Documents(values).Single(d => d["kind"]!.ToString() == kind && d["metadata"]!["name"]!.ToString() == name);

    [Fact]
    public void Every_field_is_one_that_Kubernetes_knows()
    {
        foreach (var document in Documents())
        {
            // The models of CRD schemas cannot be read strictly: the schema language is open.
            if (document["kind"]!.ToString() == "CustomResourceDefinition")
                continue;
            var (group, version) = document["apiVersion"]!.ToString().Split('/') is [var g, var v] ? (g, v) : ("", document["apiVersion"]!.ToString());
            var type = typeof(V1Pod).Assembly.GetTypes().Single(t => t.GetCustomAttributes(typeof(KubernetesEntityAttribute), false).OfType<KubernetesEntityAttribute>()
                .Any(a => a.Group == group && a.ApiVersion == version && a.Kind == document["kind"]!.ToString()) && typeof(IKubernetesObject<V1ObjectMeta>).IsAssignableFrom(t));
            Assert.NotNull(JsonSerializer.Deserialize(document, type, Strict));
        }
    }

    [Fact]
    public void Flag_ceiling_and_the_nodes_replicas_are_never_applied()
    {
        Assert.DoesNotContain("FEATURE_FLAG", Document("ConfigMap", "dwcp-v3-config").ToJsonString());
        Assert.False(((JsonObject)Document("Deployment", "dwcp-v3")["spec"]!).ContainsKey("replicas"));
        Assert.DoesNotContain("FEATURE_FLAG", StagingService.ExportManifests(new StagingOptions()));
        Assert.DoesNotContain(Documents(), d => d["kind"]!.ToString() == "Secret");
    }

    [Fact]
    public void Pods_meet_the_restricted_standard()
    {
        foreach (var deployment in Documents().Where(d => d["kind"]!.ToString() == "Deployment"))
        {
            var pod = deployment["spec"]!["template"]!["spec"]!;
            Assert.True(pod["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
            Assert.Equal("RuntimeDefault", pod["securityContext"]!["seccompProfile"]!["type"]!.ToString());
            foreach (var volume in pod["volumes"]!.AsArray())
                Assert.Contains(volume!.AsObject().Single(p => p.Key != "name").Key, (string[])["secret", "emptyDir", "persistentVolumeClaim", "configMap", "projected", "downwardAPI"]);
            foreach (var container in pod["containers"]!.AsArray())
            {
                Assert.False(container!["securityContext"]!["allowPrivilegeEscalation"]!.GetValue<bool>());
                Assert.Equal("ALL", container["securityContext"]!["capabilities"]!["drop"]![0]!.ToString());
                Assert.True(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>());
            }
        }
    }

    [Fact]
    public void Roles_have_no_wildcards_and_the_node_reads_two_named_objects_only()
    {
        foreach (var rule in Documents().Where(d => d["kind"]!.ToString() == "Role").SelectMany(r => r["rules"]!.AsArray()))
            Assert.DoesNotContain("\"*\"", rule!.ToJsonString());
        var rules = Document("Role", "dwcp-v3-node")["rules"]!.AsArray();
        Assert.Equal("""[{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["dwcp-v3-config"],"verbs":["get","list","watch"]},{"apiGroups":["coordination.k8s.io"],"resources":["leases"],"resourceNames":["dwcp-v3-guardian"],"verbs":["get"]}]""", rules.ToJsonString());
    }

    [Fact]
    public void What_others_refer_to_comes_first()
    {
        var kinds = Documents().Select(d => d["kind"]!.ToString()).Distinct().ToList();
        Assert.Equal("Namespace", kinds[0]);
        Assert.True(kinds.IndexOf("Service") < kinds.IndexOf("Deployment"), "a pod learns of Services when it starts");
        Assert.True(kinds.IndexOf("Role") < kinds.IndexOf("RoleBinding"));
        Assert.True(kinds.IndexOf("PersistentVolumeClaim") < kinds.IndexOf("Deployment"));
    }

    [Fact]
    public void A_value_cannot_become_markup()
    {
        const string Hostile = "x\n    privileged: true\n---\nkind: \"ClusterRoleBinding\" # ${namespace}";
        var template = ManifestTemplates.FromText("t.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  whole: ${release}\n  part: \"<${release}>\"\n");
        var settings = new ManifestSettings(new StagingValues { Release = Hostile }, "staging", false, new ClusterSurvey(), "h", "r");
        var document = ManifestRenderer.Render(Assert.Single(template.Documents), settings)!;
        Assert.Equal(Hostile, document["data"]!["whole"]!.ToString());
        Assert.Equal($"<{Hostile}>", document["data"]!["part"]!.ToString());
        Assert.Equal(["apiVersion", "kind", "metadata", "data"], document.Select(p => p.Key));
    }

    [Theory]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  a: ${nothing.here}\n", 5, "no setting 'nothing.here'")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  a: yes\n", 5, "quote it")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  a: 0440\n", 5, "quote it")]
    [InlineData("apiVersion: v1\nmetadata: {name: t}\n", 1, "kind is missing")]
    [InlineData("apiVersion: v1\nkind: [\n", 3, "no valid YAML")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  a: \"x${network.clients}\"\n", 5, "cannot be part of a text")]
    public void A_broken_manifest_names_file_and_line(string text, long line, string expected)
    {
        var settings = new ManifestSettings(new StagingValues(), "staging", false, new ClusterSurvey(), "h", "r");
        var e = Assert.Throws<ManifestException>(() => ManifestTemplates.FromText("broken.yaml", text).Documents.Select(d => ManifestRenderer.Render(d, settings)).ToList());
        Assert.Equal("broken.yaml", e.File);
        Assert.Equal(line, e.Line);
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void Documented_defaults_are_the_defaults()
    {
        var file = Path.Combine(RepositoryRoot(), "module", "assets", "kubernetes", "values.yaml");
        Assert.Equal(JsonSerializer.Serialize(new StagingValues()), JsonSerializer.Serialize(StagingValues.Load(file)));
        // And every setting is documented.
        var text = File.ReadAllText(file);
        foreach (var property in typeof(StagingValues).GetProperties().SelectMany(p => p.PropertyType.Namespace == typeof(StagingValues).Namespace ? p.PropertyType.GetProperties() : [p]))
            Assert.Contains(char.ToLowerInvariant(property.Name[0]) + property.Name[1..] + ":", text);
    }

    [Theory]
    [InlineData("node:\n  minimumReplicas: 1\n", 2, "node.minimumReplicas is '1', but must be 2..100")]
    [InlineData("node:\n  replicas: 3\n", 2, "unknown setting 'node.replicas'")]
    [InlineData("mode: turbo\n", 1, "mode is 'turbo', but must be hybrid, datacenter or internet")]
    [InlineData("ingress:\n  enabled: perhaps\n", 2, "must be true or false")]
    [InlineData("network:\n  clientCidrs: [10.0.0.0/8, office]\n", 2, "'office', which is no network")]
    [InlineData("node: {cpuLimit: lots}\n", 1, "quantity")]
    [InlineData("image:\n", 1, "image must not be empty")]
    [InlineData("release: 3.0.0\nrelease: 3.0.1\n", 2, "no valid YAML")]
    [InlineData("node: {minimumReplicas: 5, maximumReplicas: 4}\n", 1, "below node.minimumReplicas 5")]
    public void A_wrong_value_names_line_and_limit(string text, long line, string expected)
    {
        var e = Assert.Throws<ManifestException>(() => ValuesReader.Read("values.yaml", text));
        Assert.Equal(line, e.Line);
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void Values_reach_the_manifests_with_their_types()
    {
        var values = ValuesReader.Read("v", "service: {type: LoadBalancer}\nstorage: {className: efs, ephemeral: false}\nnode: {minimumReplicas: 3}\ningress: {tlsSecret: cert, host: a.example}\n");
        Assert.Equal("LoadBalancer", Document("Service", "dwcp-v3", values)["spec"]!["type"]!.ToString());
        Assert.Equal("efs", Document("PersistentVolumeClaim", "dwcp-v3-store", values)["spec"]!["storageClassName"]!.ToString());
        Assert.Equal(3, Document("HorizontalPodAutoscaler", "dwcp-v3", values)["spec"]!["minReplicas"]!.GetValue<long>());
        Assert.Equal("""[{"hosts":["a.example"],"secretName":"cert"}]""", Document("Ingress", "dwcp-v3", values)["spec"]!["tls"]!.ToJsonString());
        Assert.False(((JsonObject)Document("PersistentVolumeClaim", "dwcp-v3-store")["spec"]!).ContainsKey("storageClassName"));
        Assert.DoesNotContain(Documents(values with { Ingress = new IngressValues { Enabled = false } }), d => d["kind"]!.ToString() == "Ingress");
        var ephemeral = Documents(values with { Storage = new StorageValues { Ephemeral = true } });
        Assert.DoesNotContain(ephemeral, d => d["kind"]!.ToString() == "PersistentVolumeClaim");
        Assert.Contains("\"emptyDir\":{\"sizeLimit\":\"20Gi\"}", ephemeral.Single(d => d["kind"]!.ToString() == "Deployment" && d["metadata"]!["name"]!.ToString() == "dwcp-v3").ToJsonString());
    }

    [Fact]
    public void Unknown_control_plane_addresses_open_diagnostics_to_nobody()
    {
        var policy = Document("NetworkPolicy", "dwcp-v3-node");
        var admin = policy["spec"]!["ingress"]!.AsArray().Where(r => r!["ports"]!.AsArray().Any(p => p!["port"]!.ToString() == "8081")).ToList();
        Assert.Equal(2, admin.Count);
        Assert.All(admin, rule => Assert.NotEmpty(rule!["from"]!.AsArray()));
        Assert.Contains("192.0.2.1/32", policy.ToJsonString());
    }

    [Fact]
    public void The_hash_of_the_manifests_does_not_depend_on_the_environment()
    {
        var hash = ManifestTemplates.Load(null).Hash();
        Assert.Equal(64, hash.Length);
        Assert.Equal(hash, ManifestTemplates.Load(Path.Combine(RepositoryRoot(), "module", "assets", "kubernetes")).Hash());
        Assert.NotEqual(ManifestTemplates.FromText("a", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata: {a: b}\n").Hash(),
            ManifestTemplates.FromText("a", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata: {a: c}\n").Hash());
        Assert.Equal(ManifestTemplates.FromText("a", "# x\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\n").Hash(),
            ManifestTemplates.FromText("b", "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: t\n").Hash());
    }

    [Fact]
    public void Exported_manifests_read_back_as_the_same_documents()
    {
        var options = new StagingOptions();
        var template = ManifestTemplates.FromText("export.yaml", StagingService.ExportManifests(options));
        var read = template.Documents.Select(d => ManifestRenderer.ToJson(d, null)).ToList();
        var expected = StagingService.RenderManifests(options);
        Assert.Equal(expected.Count, read.Count);
        foreach (var (a, b) in expected.Zip(read))
            Assert.Empty(NovaCron.Dwcp.Operations.Cluster.DocumentDiff.Compare(a, b).Select(c => $"{a["metadata"]!["name"]} {c}"));
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "NovaCron.Dwcp.sln")))
            directory = directory.Parent!;
        return directory.FullName;
    }
}
