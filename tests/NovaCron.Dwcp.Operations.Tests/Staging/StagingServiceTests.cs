using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Tests.Support;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

[Collection(RealTime.Name)]
public sealed class StagingServiceTests : IDisposable
{
    private const string Space = "api/v1/namespaces/staging";
    private readonly FakeApiServer _server = new();
    private readonly ClusterConnection _connection;

    public StagingServiceTests()
    {
        _connection = _server.Connect(new ClusterConnectionOptions { MaximumRetryDelay = TimeSpan.FromMilliseconds(1) });
        _ = new FakeNodes(_server);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _server.Dispose();
    }

    private Task<DwcpStaging> DeployAsync(StagingOptions? options = null, List<StagingProgress>? progress = null, CancellationToken token = default) =>
        new StagingService(_connection).DeployAsync(options ?? new StagingOptions(), progress is null ? null : new Recorder(progress), token);

    [Fact]
    public async Task An_empty_cluster_ends_up_staged_at_zero_percent()
    {
        var progress = new List<StagingProgress>();
        var staging = await DeployAsync(progress: progress);
        Assert.True(staging.IsReady);
        Assert.Equal("jane", staging.AppliedBy);
        Assert.Equal(["dwcp-v3 2/2", "dwcp-v3-guardian 2/2", "dwcp-v3-redis 1/1"], staging.Workloads.Select(w => $"{w.Name} {w.Ready}/{w.Desired}"));
        Assert.All(staging.Images, i => Assert.StartsWith("sha256:", i.Digest));
        Assert.Equal("10.0.0.7:7420", staging.DataAddress);
        Assert.Equal("0", _server.Get($"{Space}/configmaps/dwcp-v3-config")["data"]!["FEATURE_FLAG_V3_ROLLOUT"]!.ToString());
        Assert.Equal("0", _server.Get($"{Space}/configmaps/dwcp-v3-config")["data"]!["FEATURE_FLAG_V3_CEILING"]!.ToString());
        Assert.Equal(Enum.GetValues<StagingStage>(), staging.Stages.Select(s => s.Stage));
        Assert.Contains("2 node pods answer, v3 at 0 %", staging.Stages[^1].Message);
        Assert.Equal(progress.Select(p => p.Percent), progress.Select(p => p.Percent).Order());
    }

    [Fact]
    public async Task A_second_run_changes_nothing_and_says_so()
    {
        var first = await DeployAsync();
        var before = _server.Objects.ToDictionary(o => o.Key, o => o.Value["metadata"]!["resourceVersion"]?.ToString());
        var second = await DeployAsync();
        Assert.Empty(second.Changed);
        Assert.Equal("no change", second.Summary);
        Assert.Equal(first.AppliedAt, second.AppliedAt);
        Assert.Equal(before, _server.Objects.ToDictionary(o => o.Key, o => o.Value["metadata"]!["resourceVersion"]?.ToString()));
    }

    [Fact]
    public async Task What_a_run_applied_before_it_broke_is_on_record_after_the_next_one()
    {
        await DeployAsync();
        var changed = new StagingOptions { Values = new StagingValues { LogLevel = "debug" } };
        _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.EndsWith("/dwcp-v3-staging-record", StringComparison.Ordinal)
            ? FakeApiServer.Failure(500, "InternalError", "etcdserver: request timed out") : null;
        await Assert.ThrowsAsync<DwcpClusterException>(() => DeployAsync(changed));
        _server.Intercept = null;
        Assert.Empty((await DeployAsync(changed)).Changed);
        Assert.Contains("\"logLevel\": \"debug\"", _server.Get($"{Space}/configmaps/dwcp-v3-staging-record")["data"]!["record.json"]!.ToString());
    }

    [Fact]
    public async Task What_a_first_run_left_that_was_broken_off_is_removed_by_its_label()
    {
        _server.Put($"{Space}/configmaps/somebodys", (JsonObject)JsonNode.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"somebodys","namespace":"staging"}}""")!);
        _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.EndsWith("/deployments/dwcp-v3", StringComparison.Ordinal)
            ? FakeApiServer.Failure(403, "Forbidden", "exceeded quota: pods=10") : null;
        await Assert.ThrowsAsync<DwcpClusterException>(() => DeployAsync());
        _server.Intercept = null;
        var service = new StagingService(_connection);
        var removed = await service.RemoveAsync("staging", removeData: true);
        Assert.Contains(removed, c => c.Target == "Deployment staging/dwcp-v3-redis");
        Assert.Contains(removed, c => c.Target == "Secret staging/dwcp-v3-secrets");
        Assert.Empty(_server.Objects.Where(o => o.Value["metadata"]!["namespace"]?.ToString() == "staging" && o.Value["metadata"]!["labels"]?["app.kubernetes.io/managed-by"]?.ToString() == "novacron-dwcp").Select(o => o.Key));
        Assert.Contains($"{Space}/configmaps/somebodys", _server.Objects.Keys);
        await Assert.ThrowsAsync<DwcpStagingException>(() => service.RemoveAsync("staging"));
    }

    // As container runtimes report what they pulled: by repository and digest, which another registry content behind the tag would change.
    private void PullAs(char digest) => _server.ShapePod = p =>
    {
        var image = p["spec"]!["containers"]![0]!["image"]!.ToString();
        if (!image.Contains("@sha256:", StringComparison.Ordinal))
            p["status"]!["containerStatuses"]![0]!["imageID"] = $"{image[..image.LastIndexOf(':')]}@sha256:{new string(digest, 64)}";
    };

    private string ImageOf(string deployment) =>
        _server.Get($"apis/apps/v1/namespaces/staging/deployments/{deployment}")["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.ToString();

    [Fact]
    public async Task A_tag_is_resolved_once_and_deployed_by_digest()
    {
        PullAs('c');
        var options = new StagingOptions { Values = new StagingValues { Image = "registry.test:5000/novacron/dwcpd:3.0.0" } };
        var first = await DeployAsync(options);
        Assert.Equal($"registry.test:5000/novacron/dwcpd@sha256:{new string('c', 64)}", ImageOf("dwcp-v3"));
        Assert.Equal(ImageOf("dwcp-v3"), ImageOf("dwcp-v3-guardian"));
        Assert.Equal($"docker.io/library/redis@sha256:{new string('c', 64)}", ImageOf("dwcp-v3-redis"));
        Assert.True(first.IsReady);

        // The tag means something else now; nobody asked for that.
        PullAs('d');
        Assert.Empty((await DeployAsync(options)).Changed.Select(c => $"{c.Target}: {string.Join(", ", c.Fields)}"));
        Assert.EndsWith(new string('c', 64), ImageOf("dwcp-v3"));
        await DeployAsync(options with { Stages = [StagingStage.Workloads] });
        Assert.EndsWith(new string('c', 64), ImageOf("dwcp-v3"));

        var other = options with { Values = options.Values with { Image = "registry.test:5000/novacron/dwcpd:3.0.1" } };
        await DeployAsync(other);
        Assert.EndsWith(new string('d', 64), ImageOf("dwcp-v3"));
        Assert.EndsWith(new string('c', 64), ImageOf("dwcp-v3-redis"));
    }

    [Fact]
    public async Task An_image_without_a_registry_is_never_pulled_and_keeps_its_name()
    {
        PullAs('c');
        await DeployAsync();
        Assert.Equal("dwcpd:3.0.0", ImageOf("dwcp-v3"));
        Assert.Equal("Never", _server.Get("apis/apps/v1/namespaces/staging/deployments/dwcp-v3")["spec"]!["template"]!["spec"]!["containers"]![0]!["imagePullPolicy"]!.ToString());
        Assert.Equal("IfNotPresent", _server.Get("apis/apps/v1/namespaces/staging/deployments/dwcp-v3-redis")["spec"]!["template"]!["spec"]!["containers"]![0]!["imagePullPolicy"]!.ToString());
    }

    [Fact]
    public async Task Flag_ceiling_and_replicas_belong_to_others_after_the_first_run()
    {
        await DeployAsync();
        _server.Change($"{Space}/configmaps/dwcp-v3-config", m => { m["data"]!["FEATURE_FLAG_V3_ROLLOUT"] = "10"; m["data"]!["FEATURE_FLAG_V3_CEILING"] = "10"; });
        _server.Change("apis/apps/v1/namespaces/staging/deployments/dwcp-v3", d => d["spec"]!["replicas"] = 5);
        var again = await DeployAsync();
        Assert.Empty(again.Changed);
        Assert.Equal("10", _server.Get($"{Space}/configmaps/dwcp-v3-config")["data"]!["FEATURE_FLAG_V3_ROLLOUT"]!.ToString());
        Assert.Equal(5, _server.Get("apis/apps/v1/namespaces/staging/deployments/dwcp-v3")["spec"]!["replicas"]!.GetValue<int>());
    }

    [Fact]
    public async Task WhatIf_shows_the_difference_and_sends_no_write()
    {
        var fresh = await DeployAsync(new StagingOptions { WhatIf = true });
        Assert.True(fresh.WhatIf);
        Assert.Contains(fresh.Changed, c => c.Target == "Deployment staging/dwcp-v3" && c.Action == "created");
        Assert.Empty(_server.Objects);

        await DeployAsync();
        var count = _server.Objects.Count;
        _server.Requests.Clear();
        var change = await DeployAsync(new StagingOptions { WhatIf = true, Values = new StagingValues { Node = new NodeValues { CpuLimit = "4" } } });
        Assert.Equal("~ /spec/template/spec/containers/0/resources/limits/cpu: \"2\" -> \"4\"",
            Assert.Single(Assert.Single(change.Changed).Fields).ToString());
        Assert.Equal(count, _server.Objects.Count);
        Assert.DoesNotContain(_server.Requests, r => !r.StartsWith("GET", StringComparison.Ordinal) && !r.Contains("dryRun=All", StringComparison.Ordinal) && !r.Contains("selfsubject", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_result_and_outputs_are_left_in_a_directory_also_by_a_run_that_failed()
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-outputs-").FullName;
        try
        {
            _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.Contains("/deployments/", StringComparison.Ordinal) ? FakeApiServer.Failure(403, "Forbidden", "exceeded quota: pods=10") : null;
            var e = await Assert.ThrowsAsync<DwcpClusterException>(() => DeployAsync(new StagingOptions { OutputDirectory = directory }));
            Assert.Contains("ResourceQuota", e.Remedy);
            var last = JsonNode.Parse(File.ReadLines(Path.Combine(directory, "deployment-log.jsonl")).Last())!;
            Assert.Equal("warn", last["level"]!.ToString());
            Assert.Equal("Workloads", last["stage"]!.ToString());
            Assert.Contains("exceeded quota", last["message"]!.ToString());
            Assert.False(File.Exists(Path.Combine(directory, "staging-outputs.json")));

            _server.Intercept = null;
            var staging = await DeployAsync(new StagingOptions { OutputDirectory = directory });
            var outputs = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "staging-outputs.json")))!;
            Assert.Equal(staging.DataAddress, outputs["dataAddress"]!.ToString());
            Assert.StartsWith("sha256:", outputs["images"]!["node"]!.ToString());
            var written = File.ReadAllText(Path.Combine(directory, "staging-deployment-info.json"));
            Assert.Equal("jane", JsonNode.Parse(written)!["appliedBy"]!.ToString());
            var secret = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(_server.Get($"{Space}/secrets/dwcp-v3-secrets")["data"]!["client-api-key"]!.ToString()));
            Assert.DoesNotContain(secret, written + File.ReadAllText(Path.Combine(directory, "deployment-log.jsonl")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task The_difference_reads_object_by_object_and_field_by_field()
    {
        await DeployAsync();
        _server.Objects.Remove($"{Space}/services/dwcp-v3-redis");
        var change = await DeployAsync(new StagingOptions { WhatIf = true, Values = new StagingValues { Node = new NodeValues { CpuLimit = "4" } } });
        Assert.Equal(
            "+ Service staging/dwcp-v3-redis\n~ Deployment staging/dwcp-v3\n    ~ /spec/template/spec/containers/0/resources/limits/cpu: \"2\" -> \"4\"",
            change.Difference);
    }

    [Fact]
    public async Task A_class_for_one_machine_serves_one_machine_and_is_refused_for_more()
    {
        void Node(string name) => _server.Put($"api/v1/nodes/{name}", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = new JsonObject() });
        _server.Put("apis/storage.k8s.io/v1/storageclasses/local-path", new JsonObject
        {
            ["apiVersion"] = "storage.k8s.io/v1", ["kind"] = "StorageClass", ["provisioner"] = "rancher.io/local-path",
            ["metadata"] = new JsonObject { ["name"] = "local-path", ["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" } },
        });
        Node("one");
        Node("two");
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync());
        Assert.Contains("local-path", e.Target);
        Assert.Contains("this cluster has 2", e.Message);
        _server.Objects.Remove("api/v1/nodes/two");
        var staging = await DeployAsync();
        Assert.Contains("ReadWriteOnce", staging.Stages[0].Message);
        Assert.Equal("ReadWriteOnce", _server.Get($"{Space}/persistentvolumeclaims/dwcp-v3-store")["spec"]!["accessModes"]![0]!.ToString());
        // A second machine later: the claim that is there keeps its mode, because it cannot be changed.
        Node("two");
        Assert.Empty((await DeployAsync()).Changed);
    }

    [Fact]
    public async Task A_machine_that_takes_no_pods_and_a_cluster_without_storage_are_told_with_the_command_that_helps()
    {
        _server.Put("api/v1/nodes/only", new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Node", ["metadata"] = new JsonObject { ["name"] = "only" },
            ["spec"] = new JsonObject { ["taints"] = new JsonArray(new JsonObject { ["key"] = "node-role.kubernetes.io/control-plane", ["effect"] = "NoSchedule" }) },
        });
        var without = await DeployAsync();
        Assert.Contains("no StorageClass", without.Stages[0].Message);
        Assert.Contains("storage.ephemeral", without.Stages[0].Message);
        _server.Objects.Remove($"{Space}/persistentvolumeclaims/dwcp-v3-store");
        _server.Put("apis/storage.k8s.io/v1/storageclasses/local-path", new JsonObject
        {
            ["apiVersion"] = "storage.k8s.io/v1", ["kind"] = "StorageClass", ["provisioner"] = "rancher.io/local-path",
            ["metadata"] = new JsonObject { ["name"] = "local-path", ["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" } },
        });
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync());
        Assert.Contains("none of this cluster's 1 takes pods", e.Message);
        Assert.Contains("kubectl taint node", e.Remedy);
    }

    [Fact]
    public async Task An_image_without_a_registry_that_is_on_no_machine_is_told_how_to_get_there()
    {
        _server.ShapePod = pod =>
        {
            pod["status"]!["conditions"]![0]!["status"] = "False";
            pod["status"]!["containerStatuses"]![0]!["ready"] = false;
            pod["status"]!["containerStatuses"]![0]!["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ImagePullBackOff", ["message"] = "pull access denied" } };
        };
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(new StagingOptions { ReadyTimeout = TimeSpan.FromMilliseconds(1) }));
        Assert.Contains("kind load docker-image dwcpd:3.0.0", e.Message);
        // Redis comes from a registry: there is nothing to load.
        Assert.DoesNotContain("kind load docker-image docker.io/library/redis", e.Message);
    }

    [Fact]
    public async Task Both_checklists_are_ticked_by_what_was_seen_and_left_open_where_it_failed()
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-checklist-").FullName;
        try
        {
            await DeployAsync(new StagingOptions { OutputDirectory = directory });
            var before = File.ReadAllText(Path.Combine(directory, "checklist-before.md"));
            var after = File.ReadAllText(Path.Combine(directory, "checklist-deployment.md"));
            Assert.Contains("- [x] The cluster is new enough (1.30): v1.36.0", before);
            Assert.Contains("- [x] It is known who deploys: jane", before);
            Assert.Contains("- [ ] Images are named by digest: dwcpd:3.0.0", before);
            Assert.Contains("- [x] The namespace enforces Pod Security restricted: restricted", after);
            Assert.Contains("- [x] Deployment dwcp-v3 is ready: 2 of 2", after);
            Assert.Contains("- [x] Service dwcp-v3 has endpoints: 2 ready", after);
            Assert.Contains("2 node pods answer, v3 at 0 %", after);
            Assert.DoesNotContain("- [ ]", after);

            _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.Contains("/services/", StringComparison.Ordinal) ? FakeApiServer.Failure(403, "Forbidden", "services is forbidden") : null;
            await Assert.ThrowsAsync<DwcpClusterException>(() => DeployAsync(new StagingOptions { OutputDirectory = directory }));
            Assert.Contains("- [ ] Stage Services succeeded: Service staging/dwcp-v3", File.ReadAllText(Path.Combine(directory, "checklist-deployment.md")));
            // What would be done is no evidence of anything.
            Directory.Delete(directory, recursive: true);
            _server.Intercept = null;
            await DeployAsync(new StagingOptions { OutputDirectory = directory, WhatIf = true });
            Assert.False(File.Exists(Path.Combine(directory, "checklist-deployment.md")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("production")]
    [InlineData("eu-prod-1")]
    [InlineData("dwcp-live")]
    public async Task What_looks_like_production_is_left_alone(string name)
    {
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(new StagingOptions { Namespace = name }));
        Assert.Contains("looks like production", e.Message);
        Assert.Empty(_server.Requests);
    }

    [Theory]
    [InlineData("products")]
    [InlineData("delivery")]
    public void Not_every_word_with_these_letters_is_production(string name) => Assert.False(StagingNames.LooksLikeProduction(name));

    [Fact]
    public async Task Killed_anywhere_it_converges_when_run_again()
    {
        await DeployAsync();
        var writes = _server.Requests.Count(r => !r.StartsWith("GET", StringComparison.Ordinal));
        Assert.True(writes > 20);
        for (var n = 1; n < writes; n += 3)
        {
            using var server = new FakeApiServer();
            _ = new FakeNodes(server);
            using var connection = server.Connect();
            using var kill = new CancellationTokenSource();
            var seen = 0;
            server.Intercept = (r, _) =>
            {
                if (r.Method != HttpMethod.Get && ++seen == n)
                    kill.Cancel();
                return null;
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new StagingService(connection).DeployAsync(new StagingOptions(), null, kill.Token));
            server.Intercept = null;
            var service = new StagingService(connection);
            var staging = await service.DeployAsync(new StagingOptions());
            Assert.True(staging.IsReady);
            Assert.Empty((await service.DeployAsync(new StagingOptions())).Changed);
            // The record knows what is ours although the first run wrote none.
            await service.RemoveAsync("staging");
            Assert.DoesNotContain("apis/apps/v1/namespaces/staging/deployments/dwcp-v3", server.Objects.Keys);
            Assert.DoesNotContain($"{Space}/secrets/dwcp-v3-secrets", server.Objects.Keys);
        }
    }

    [Fact]
    public async Task Waiting_says_why_with_the_last_log_line()
    {
        _server.ShapePod = pod =>
        {
            if (!pod["metadata"]!["name"]!.ToString().StartsWith("dwcp-v3-pod", StringComparison.Ordinal))
                return;
            pod["status"]!["conditions"]![0]!["status"] = "False";
            pod["status"]!["containerStatuses"]![0]!["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "CrashLoopBackOff", ["message"] = "back-off 40s" } };
            pod["status"]!["containerStatuses"]![0]!["restartCount"] = 6;
            pod["status"]!["containerStatuses"]![0]!["ready"] = false;
        };
        _server.Log = _ => "starting\nThe secret file tls.key is empty.\n";
        var progress = new List<StagingProgress>();
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(progress: progress));
        Assert.Contains("CrashLoopBackOff", e.Message);
        Assert.Contains("last log line: The secret file tls.key is empty.", e.Message);
        Assert.Contains(progress, p => p.IsWarning && p.Message.StartsWith("waiting for dwcp-v3 0/2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_crash_loop_is_a_warning_once_however_its_text_changes()
    {
        _server.ShapePod = pod =>
        {
            if (!pod["metadata"]!["name"]!.ToString().StartsWith("dwcp-v3-pod", StringComparison.Ordinal))
                return;
            pod["status"]!["conditions"]![0]!["status"] = "False";
            pod["status"]!["containerStatuses"]![0]!["ready"] = false;
            pod["status"]!["containerStatuses"]![0]!["restartCount"] = 2;
        };
        var looks = 0;
        _server.Log = _ => ++looks % 3 == 0 ? "unable to retrieve container logs for containerd://cafa0b1f" : $"refused at {looks} s\n";
        var progress = new List<StagingProgress>();
        var clock = new SkippingClock();
        using var connection = _server.Connect(time: clock);
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() =>
            new StagingService(connection, clock).DeployAsync(new StagingOptions { ReadyTimeout = TimeSpan.FromSeconds(5) }, new Recorder(progress)));
        Assert.DoesNotContain("unable to retrieve", e.Message);
        var said = progress.Where(p => p.Message.StartsWith("waiting for dwcp-v3 0/2", StringComparison.Ordinal)).ToList();
        Assert.True(said.Count > 2, $"said {said.Count} times");
        Assert.Single(said, p => p.IsWarning);
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_and_a_pod_that_fits_nowhere_are_told()
    {
        _server.ShapePod = pod =>
        {
            pod["status"]!["conditions"]![0]!["status"] = "False";
            if (pod["metadata"]!["name"]!.ToString().StartsWith("dwcp-v3-redis", StringComparison.Ordinal))
            {
                pod["status"]!["containerStatuses"] = new JsonArray();
                pod["status"]!["conditions"]!.AsArray().Add(new JsonObject { ["type"] = "PodScheduled", ["status"] = "False", ["message"] = "0/3 nodes are available: Insufficient memory" });
            }
            else
            {
                pod["status"]!["containerStatuses"]![0]!["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ImagePullBackOff", ["message"] = "manifest unknown" } };
            }
        };
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(new StagingOptions { ReadyTimeout = TimeSpan.FromMilliseconds(1) }));
        Assert.Contains("ImagePullBackOff: manifest unknown", e.Message);
        Assert.Contains("Insufficient memory", e.Message);
    }

    [Theory]
    [InlineData("customresourcedefinitions", 403, "Forbidden", "customresourcedefinitions.apiextensions.k8s.io is forbidden: User \"jane\" cannot patch resource", "CustomResourceDefinition", "missing permission", ClusterFailure.Forbidden)]
    [InlineData("deployments", 422, "Invalid", "Deployment is invalid", "Deployment staging/dwcp-v3", "Correct the fields", ClusterFailure.Invalid)]
    [InlineData("deployments", 403, "Forbidden", "exceeded quota: compute, requested: pods=1", "Deployment staging/dwcp-v3", "ResourceQuota", ClusterFailure.Forbidden)]
    [InlineData("deployments", 403, "Forbidden", "violates PodSecurity \"restricted:latest\": runAsNonRoot != true", "Deployment staging/dwcp-v3", "Pod Security level", ClusterFailure.Forbidden)]
    [InlineData("deployments", 403, "Forbidden", "admission webhook \"policy.example\" denied the request: no latest", "Deployment staging/dwcp-v3", "admission policy", ClusterFailure.Forbidden)]
    [InlineData("deployments", 400, "BadRequest", "strict decoding error: unknown field \"spec.x\"", "Deployment staging/dwcp-v3", "Correct the fields", ClusterFailure.Invalid)]
    [InlineData("services", 500, "InternalError", "etcd", "Service staging/dwcp-v3", "control plane", ClusterFailure.ServerError)]
    [InlineData("services", 409, "Conflict", "Apply failed with 1 conflict: conflict with \"helm\"", "Service staging/dwcp-v3", "field manager", ClusterFailure.Conflict)]
    [InlineData("secrets", 409, "Conflict", "object is being deleted: secrets \"dwcp-v3-ca\"", "Secret staging/dwcp-v3-ca", "deletion has finished", ClusterFailure.Conflict)]
    [InlineData("configmaps", 429, "TooManyRequests", "the server has received too many requests", "ConfigMap staging/dwcp-v3-config", "overloaded", ClusterFailure.Throttled)]
    [InlineData("networkpolicies", 401, "Unauthorized", "Unauthorized", "NetworkPolicy staging/dwcp-v3", "credentials", ClusterFailure.Unauthorized)]
    [InlineData("roles", 404, "NotFound", "namespaces \"staging\" not found", "Role staging/dwcp", "Create the namespace", ClusterFailure.NotFound)]
    [InlineData("validatingadmissionpolicies", 404, "NotFound", "the server could not find the requested resource", "ValidatingAdmissionPolicy", "1.30 or newer", ClusterFailure.NotFound)]
    [InlineData("horizontalpodautoscalers", 503, "ServiceUnavailable", "apiserver is shutting down", "HorizontalPodAutoscaler staging/dwcp-v3", "control plane", ClusterFailure.ServerError)]
    public async Task A_failed_stage_names_the_object_and_the_remedy_and_the_next_run_finishes(
        string plural, int code, string reason, string message, string target, string remedy, ClusterFailure failure)
    {
        _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.Contains($"/{plural}/", StringComparison.Ordinal) ? FakeApiServer.Failure(code, reason, message) : null;
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => DeployAsync());
        Assert.StartsWith(target, e.Target);
        Assert.Contains(message, e.Message);
        Assert.Contains(remedy, e.Remedy);
        Assert.Equal(failure, e.Failure);
        _server.Intercept = null;
        Assert.True((await DeployAsync()).IsReady);
        Assert.Empty((await DeployAsync()).Changed);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_failure_that_passes_is_waited_out(int code)
    {
        var failures = 0;
        // Each write fails once, then goes through.
        var seen = new HashSet<string>();
        _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && seen.Add(r.RequestUri!.AbsolutePath) && ++failures > 0 ? FakeApiServer.Failure(code, "Busy", "busy") : null;
        Assert.True((await DeployAsync()).IsReady);
        Assert.True(failures > 20);
    }

    [Fact]
    public async Task An_API_server_that_does_not_answer_is_told_with_its_limit()
    {
        using var connection = _server.Connect(new ClusterConnectionOptions { RequestTimeout = TimeSpan.FromSeconds(2), MaximumRetryDelay = TimeSpan.FromMilliseconds(1) });
        _server.Hang = r => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.Contains("/services/", StringComparison.Ordinal);
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => new StagingService(connection).DeployAsync(new StagingOptions()));
        Assert.Equal(ClusterFailure.Timeout, e.Failure);
        Assert.StartsWith("Service staging/dwcp-v3", e.Target);
        Assert.Contains("continues where it stopped", e.Remedy);
    }

    [Fact]
    public async Task A_definition_that_is_never_served_is_told_with_the_clusters_own_reason()
    {
        _server.Intercept = (r, _) => r.Method == HttpMethod.Get && r.RequestUri!.AbsolutePath.EndsWith("/dwcprollouts.dwcp.novacron.io", StringComparison.Ordinal)
            && _server.Objects.ContainsKey("apis/apiextensions.k8s.io/v1/customresourcedefinitions/dwcprollouts.dwcp.novacron.io")
            ? FakeApiServer.Json(System.Net.HttpStatusCode.OK, JsonNode.Parse("""{"status":{"conditions":[{"type":"NamesAccepted","status":"False","message":"the short name dwr is taken"}]} }""")!)
            : null;
        var clock = new SkippingClock();
        using var connection = _server.Connect(time: clock);
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => new StagingService(connection, clock).DeployAsync(new StagingOptions()));
        Assert.Contains("is not served after 30 s: the short name dwr is taken", e.Message);
    }

    /// <summary>Each wait ends at once, and the clock has moved on by it.</summary>
    private sealed class SkippingClock : TimeProvider
    {
        private long _ticks = DateTimeOffset.UtcNow.Ticks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // Time limits of requests (seconds) never end here; short waits do.
            if (dueTime <= TimeSpan.FromSeconds(1) && dueTime >= TimeSpan.Zero)
            {
                Interlocked.Add(ref _ticks, dueTime.Ticks);
                return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }

            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    [Fact]
    public async Task Objects_of_an_older_version_are_pruned_but_never_data()
    {
        await DeployAsync();
        var later = await DeployAsync(new StagingOptions { Values = new StagingValues { Ingress = new IngressValues { Enabled = false }, Storage = new StorageValues { Ephemeral = true } } });
        Assert.Contains(later.Changed, c => c.ToString() == "Ingress staging/dwcp-v3 removed");
        Assert.Contains($"{Space}/persistentvolumeclaims/dwcp-v3-store", _server.Objects.Keys);
    }

    [Fact]
    public async Task Removal_takes_what_was_created_and_leaves_the_rest()
    {
        _server.Put(Space, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "staging" } });
        _server.Put($"{Space}/configmaps/theirs", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "theirs", ["namespace"] = "staging" } });
        await DeployAsync();
        var service = new StagingService(_connection);
        var plan = await service.RemoveAsync("staging", whatIf: true);
        Assert.Contains(plan, c => c.Target == "Deployment staging/dwcp-v3");
        Assert.NotNull(await service.GetAsync("staging"));

        await service.RemoveAsync("staging", removeData: true);
        Assert.Null(await service.GetAsync("staging"));
        Assert.Equal(
            ["api/v1/namespaces/staging", "api/v1/namespaces/staging/configmaps/theirs"],
            _server.Objects.Keys.Where(k => k.StartsWith(Space, StringComparison.Ordinal) && !k.Contains("/pods/", StringComparison.Ordinal)));
        Assert.Contains("apis/apiextensions.k8s.io/v1/customresourcedefinitions/dwcprollouts.dwcp.novacron.io", _server.Objects.Keys);
    }

    [Fact]
    public async Task What_two_deployments_share_stays_when_the_second_is_removed()
    {
        const string Shared = "api/v1/namespaces/monitoring/configmaps/dwcp-v3-deployment-dashboard";
        _server.Put("api/v1/namespaces/monitoring", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "monitoring" } });
        var values = new StagingValues { Monitoring = new MonitoringValues { Stack = "Operator" } };
        await DeployAsync(new StagingOptions { Values = values });
        await DeployAsync(new StagingOptions { Namespace = "trial", Values = values });
        var service = new StagingService(_connection);
        await service.RemoveAsync("trial");
        Assert.Contains(Shared, _server.Objects.Keys);
        Assert.DoesNotContain("apis/apps/v1/namespaces/trial/deployments/dwcp-v3", _server.Objects.Keys);
        await service.RemoveAsync("staging");
        Assert.DoesNotContain(Shared, _server.Objects.Keys);
    }

    [Fact]
    public async Task Rotation_restarts_what_reads_the_secrets()
    {
        await DeployAsync();
        var rotated = await DeployAsync(new StagingOptions { RotateSecrets = true });
        Assert.Contains(rotated.Changed, c => c.Target == "Secret staging/dwcp-v3-secrets");
        foreach (var name in new[] { "dwcp-v3", "dwcp-v3-redis" })
            Assert.Contains(rotated.Changed, c => c.Target == $"Deployment staging/{name}" && c.Fields.Any(f => f.Path.Contains("configuration", StringComparison.Ordinal)));
        Assert.DoesNotContain(rotated.Changed.SelectMany(c => c.Fields), f => f.Path.StartsWith("/data/", StringComparison.Ordinal) && f.After is not (null or "***"));
    }

    [Fact]
    public async Task An_old_cluster_and_a_namespace_that_is_going_away_are_refused()
    {
        _server.Version = "v1.29.4";
        Assert.Contains("older than 1.30", (await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync())).Message);
        _server.Version = "v1.36.0+k3s1";
        _server.Put(Space, new JsonObject { ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "staging", ["deletionTimestamp"] = "2026-01-01T00:00:00Z" } });
        Assert.Contains("is being deleted", (await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync())).Message);
    }

    private sealed class Recorder(List<StagingProgress> list) : IProgress<StagingProgress>
    {
        public void Report(StagingProgress value) => list.Add(value);
    }
}
