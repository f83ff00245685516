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

    private static readonly StagingValues Everything = new()
    {
        Storage = new StorageValues { EfsFileSystem = "fs-0123456789abcdef0" },
        Service = new ServiceValues { Type = "LoadBalancer", IpFamilyPolicy = "PreferDualStack", HttpNodePort = 30080, DataNodePort = 30742 },
        Ingress = new IngressValues { ClassName = "nginx", TlsSecret = "tls" },
        ImagePullSecret = "registry",
        Redis = new RedisValues { Persistent = true },
        Monitoring = new MonitoringValues { Stack = "Bundled", NodeExporter = true },
        Datacenter = new DatacenterValues { Networks = ["10.1.0.0/16"], RdmaIdentities = ["CN=site-a"], RequireRdma = true, RdmaResource = "rdma/hca_shared_devices_a", NetworkAttachments = "rdma-net" },
    };

    [Fact]
    public void Every_field_is_one_that_Kubernetes_knows()
    {
        foreach (var document in Documents().Concat(Documents(Everything)))
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
    public void The_bulk_path_is_off_until_its_networks_are_named_and_then_open_to_these_only()
    {
        var off = Document("Deployment", "dwcp-v3").ToJsonString();
        Assert.DoesNotContain("DWCP_BULK", off);
        Assert.DoesNotContain("k8s.v1.cni.cncf.io", off);
        Assert.DoesNotContain("7430", Document("NetworkPolicy", "dwcp-v3-node").ToJsonString());

        var pod = Document("Deployment", "dwcp-v3", Everything)["spec"]!["template"]!;
        Assert.Equal("rdma-net", pod["metadata"]!["annotations"]!["k8s.v1.cni.cncf.io/networks"]!.ToString());
        var container = pod["spec"]!["containers"]![0]!;
        // An extended resource is asked for and limited alike; no capability comes with it.
        Assert.Equal("1", container["resources"]!["requests"]!["rdma/hca_shared_devices_a"]!.ToString());
        Assert.Equal("1", container["resources"]!["limits"]!["rdma/hca_shared_devices_a"]!.ToString());
        Assert.Null(container["securityContext"]!["capabilities"]!["add"]);
        var variables = container["env"]!.AsArray().Where(v => v!["value"] is not null).ToDictionary(v => v!["name"]!.ToString(), v => v!["value"]!.ToString());
        Assert.Equal(("10.1.0.0/16", "7430-7461", "CN=site-a", "1"), (variables["DWCP_BULK_NETWORKS"], variables["DWCP_BULK_PORTS"], variables["DWCP_RDMA_IDENTITIES"], variables["DWCP_REQUIRE_RDMA"]));
        Assert.Contains("""{"from":[{"ipBlock":{"cidr":"10.1.0.0/16"}}],"ports":[{"port":7430,"endPort":7461,"protocol":"TCP"}]}""", Document("NetworkPolicy", "dwcp-v3-node", Everything).ToJsonString());
    }

    [Theory]
    [InlineData(null, true, false)]
    [InlineData(false, false, false)]
    [InlineData(true, true, true)]
    public void IPv6_is_used_where_the_cluster_has_it(bool? hasIPv6, bool clients, bool binds)
    {
        var settings = new ManifestSettings(new StagingValues(), "staging", false, new ClusterSurvey { HasIPv6 = hasIPv6 }, "h", "r");
        var documents = StagingService.Render(ManifestTemplates.Load(null), settings, "staging").Select(d => d.ToJsonString()).ToList();
        Assert.Equal(clients, documents.Exists(d => d.Contains("\"::/0\"", StringComparison.Ordinal)));
        Assert.Contains(documents, d => d.Contains("\"0.0.0.0/0\"", StringComparison.Ordinal));
        Assert.Equal(binds, documents.Exists(d => d.Contains("DWCP_BIND_ADDRESS", StringComparison.Ordinal)));
    }

    [Fact]
    public void Redis_keeps_nothing_unless_it_is_told_to()
    {
        Assert.DoesNotContain(Documents(), d => d["metadata"]!["name"]!.ToString() == "dwcp-v3-redis" && d["kind"]!.ToString() == "PersistentVolumeClaim");
        Assert.Contains("\"emptyDir\":{\"sizeLimit\":\"256Mi\"}", Document("Deployment", "dwcp-v3-redis").ToJsonString());
        Assert.Equal("ReadWriteOnce", Document("PersistentVolumeClaim", "dwcp-v3-redis", Everything)["spec"]!["accessModes"]![0]!.ToString());
        Assert.Contains("\"claimName\":\"dwcp-v3-redis\"", Document("Deployment", "dwcp-v3-redis", Everything).ToJsonString());
        string Configuration(bool persistent) => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(StagingSecrets.Complete(null, null, "staging", new RedisValues { Persistent = persistent }, false, DateTimeOffset.UnixEpoch.AddYears(56))
            .Documents("staging").Single(d => d["metadata"]!["name"]!.ToString() == "dwcp-v3-redis")["data"]!["redis.conf"]!.ToString()));
        Assert.Contains("appendonly no\n", Configuration(false));
        Assert.Contains("appendonly yes\n", Configuration(true));
    }

    [Fact]
    public void What_the_machines_say_of_themselves_is_opt_in_and_kept_apart()
    {
        Assert.DoesNotContain(Documents(Everything with { Monitoring = new MonitoringValues { Stack = "Bundled" } }), d => d.ToJsonString().Contains("node-exporter", StringComparison.Ordinal));
        var privileged = Documents(Everything).Where(d => d["kind"]!.ToString() == "Namespace" && d.ToJsonString().Contains("privileged", StringComparison.Ordinal)).Select(d => d["metadata"]!["name"]!.ToString());
        Assert.Equal(["dwcp-node-exporter"], privileged);
        Assert.Contains("job_name: node-exporter", Document("ConfigMap", "dwcp-prometheus", Everything).ToJsonString());
    }

    [Fact]
    public void A_file_system_of_AWS_gets_a_class_of_its_own_for_each_namespace()
    {
        Assert.DoesNotContain(Documents(), d => d["kind"]!.ToString() == "StorageClass");
        Assert.Equal("fs-0123456789abcdef0", Document("StorageClass", "dwcp-v3-store-staging", Everything)["parameters"]!["fileSystemId"]!.ToString());
        Assert.Equal("dwcp-v3-store-staging", Document("PersistentVolumeClaim", "dwcp-v3-store", Everything)["spec"]!["storageClassName"]!.ToString());
        Assert.Equal("dwcp-v3-store-production", Documents(Everything, "production").Single(d => d["kind"]!.ToString() == "StorageClass")["metadata"]!["name"]!.ToString());
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
    [InlineData("datacenter: {ports: 7500-7400}\n", 1, "must rise within")]
    [InlineData("datacenter:\n  requireRdma: true\n", 0, "datacenter.networks is empty")]
    [InlineData("datacenter: {rdmaResource: nothing}\n", 1, "a resource name such as rdma/")]
    [InlineData("storage: {efsFileSystem: vol-1}\n", 1, "an EFS file system")]
    [InlineData("service: {ipFamilyPolicy: Both}\n", 1, "PreferDualStack")]
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
