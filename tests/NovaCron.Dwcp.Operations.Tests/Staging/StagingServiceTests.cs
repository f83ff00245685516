using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Tests.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

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
    [InlineData(403, "Forbidden", "customresourcedefinitions.apiextensions.k8s.io is forbidden: User \"jane\" cannot patch resource", "CustomResourceDefinition")]
    [InlineData(422, "Invalid", "Deployment is invalid", "Deployment staging/dwcp-v3")]
    [InlineData(500, "InternalError", "etcd", "Service staging/dwcp-v3")]
    public async Task A_failed_stage_names_the_object(int code, string reason, string message, string target)
    {
        var plural = target.Split(' ')[0].ToLowerInvariant() + "s";
        _server.Intercept = (r, _) => r.Method == HttpMethod.Patch && r.RequestUri!.AbsolutePath.Contains($"/{plural}/", StringComparison.Ordinal) ? FakeApiServer.Failure(code, reason, message) : null;
        var e = await Assert.ThrowsAsync<DwcpClusterException>(() => DeployAsync());
        Assert.StartsWith(target, e.Target);
        Assert.Contains(message, e.Message);
        Assert.NotEmpty(e.Remedy);
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
