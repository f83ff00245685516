using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Backups;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>Against an API server that keeps field ownership and runs the admission policies; nothing starts pods there, so workloads are left out.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private ApiServer _server = null!;
    private ClusterConnection _connection = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(new ClusterStore(), new ApiServerOptions());
        _connection = Connect(_server.AdministratorToken);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        await _server.DisposeAsync();
    }

    private ClusterConnection Connect(string token) => ClusterConnection.Open(new ClusterConnectionOptions { Server = _server.Url.ToString(), Token = token, CertificateAuthority = _server.CertificateAuthorityPem });

    private Task<DwcpStaging> DeployAsync(StagingValues values) => new StagingService(_connection).DeployAsync(
        new StagingOptions { Values = values, Stages = [StagingStage.Configuration, StagingStage.Services, StagingStage.Monitoring], SkipStages = [StagingStage.Verification] }, null, Token);

    [Fact]
    public async Task What_was_deployed_comes_back_field_by_field_and_traffic_and_secrets_stay()
    {
        var service = new BackupService(_connection);
        await DeployAsync(new StagingValues());
        var before = await StateAsync();
        var backup = await service.BackupAsync("staging", cancellationToken: Token);
        Assert.Equal("3.0.0", backup.Release);
        Assert.True(backup.Objects > 10);

        await DeployAsync(new StagingValues
        {
            Release = "3.0.1", LogLevel = "debug", Network = new NetworkValues { ClientCidrs = ["10.0.0.0/8"] }, Ingress = new IngressValues { Enabled = false },
            Monitoring = new MonitoringValues { Stack = "Existing" },
        });
        await _connection.PatchAsync(ClusterResource.ConfigMap, "staging", "dwcp-v3-config", new JsonObject { ["data"] = new JsonObject { ["FEATURE_FLAG_V3_ROLLOUT"] = "10" } }, fieldManager: "guardian", cancellationToken: Token);
        var secret = (await _connection.GetAsync(ClusterResource.Secret, "staging", "dwcp-v3-secrets", Token))["data"]!.ToJsonString();

        var plan = await service.RestoreAsync("staging", whatIf: true, cancellationToken: Token);
        Assert.Contains(plan, c => c.ToString() == "Ingress staging/dwcp-v3 created");
        Assert.Contains(plan, c => c.ToString() == "RoleBinding staging/dwcp-v3-prometheus removed");
        Assert.Equal("debug", (await _connection.GetAsync(ClusterResource.ConfigMap, "staging", "dwcp-v3-config", Token))["data"]!["LOG_LEVEL"]!.ToString());

        var changes = await service.RestoreAsync("staging", backup.Name, cancellationToken: Token);
        Assert.Equal(plan.Select(c => c.ToString()), changes.Select(c => c.ToString()));
        var after = await StateAsync();
        Assert.Equal(before.Keys, after.Keys);
        foreach (var (name, document) in before)
        {
            var differences = DocumentDiff.Compare(document, after[name]).Where(c => c.Path != "/data/FEATURE_FLAG_V3_ROLLOUT");
            Assert.True(!differences.Any(), $"{name}: {string.Join("; ", differences)}");
        }

        var configuration = await _connection.GetAsync(ClusterResource.ConfigMap, "staging", "dwcp-v3-config", Token);
        Assert.Equal("10", configuration["data"]!["FEATURE_FLAG_V3_ROLLOUT"]!.ToString());
        Assert.Equal(secret, (await _connection.GetAsync(ClusterResource.Secret, "staging", "dwcp-v3-secrets", Token))["data"]!.ToJsonString());
        // Twice in a row: nothing is left to do, and the deployment that was restored is what its record says.
        Assert.Empty(await service.RestoreAsync("staging", backup.Name, cancellationToken: Token));
        Assert.Equal("no change", (await DeployAsync(new StagingValues())).Summary);
    }

    [Fact]
    public async Task A_file_does_the_same_and_ten_backups_are_kept()
    {
        var service = new BackupService(_connection);
        await DeployAsync(new StagingValues());
        var path = Path.GetTempFileName();
        try
        {
            var first = await service.BackupAsync("staging", path, Token);
            Assert.DoesNotContain("ca.key", await File.ReadAllTextAsync(path, Token));
            for (var n = 0; n < 11; n++)
                await service.BackupAsync("staging", cancellationToken: Token);
            var kept = await service.ListAsync("staging", Token);
            Assert.Equal(10, kept.Count);
            Assert.DoesNotContain(kept, b => b.Name == first.Name);
            Assert.Equal(kept.OrderByDescending(b => b.TakenAt).Select(b => b.Name), kept.Select(b => b.Name));
            await DeployAsync(new StagingValues { LogLevel = "warn" });
            Assert.Contains(await service.RestoreAsync("staging", path: path, cancellationToken: Token), c => c.Target == "ConfigMap staging/dwcp-v3-config");

            await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path, Token)).Replace("\"kind\": \"ServiceAccount\"", "\"kind\": \"ClusterRoleBinding\"", StringComparison.Ordinal), Token);
            Assert.Contains("which no backup of ours does", (await Assert.ThrowsAsync<DwcpStagingException>(() => service.RestoreAsync("staging", path: path, cancellationToken: Token))).Message);
            await File.WriteAllTextAsync(path, "{", Token);
            Assert.Contains("cannot be read as a backup", (await Assert.ThrowsAsync<DwcpStagingException>(() => service.RestoreAsync("staging", path: path, cancellationToken: Token))).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Nobody_signs_with_anothers_name_changes_a_backup_or_plants_one_from_a_pod()
    {
        await DeployAsync(new StagingValues());
        var backup = await new BackupService(_connection).BackupAsync("staging", cancellationToken: Token);
        var map = await _connection.GetAsync(ClusterResource.ConfigMap, "staging", backup.Name, Token);
        // Refused twice over: it is immutable, and the policy forbids it.
        var change = await Assert.ThrowsAsync<DwcpClusterException>(() => _connection.PatchAsync(
            ClusterResource.ConfigMap, "staging", backup.Name, new JsonObject { ["data"] = new JsonObject { ["takenBy"] = "mallory" } }, cancellationToken: Token));
        Assert.True(change.Failure is ClusterFailure.Forbidden or ClusterFailure.Invalid, change.Message);

        JsonObject Planted(string takenBy) => new()
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "dwcp-v3-backup-99991231-235959-000", ["namespace"] = "staging" },
            ["data"] = new JsonObject { ["takenBy"] = takenBy, ["backup.json"] = map["data"]!["backup.json"]!.ToString() },
        };
        var signed = await Assert.ThrowsAsync<DwcpClusterException>(() => _connection.CreateAsync(Planted("mallory"), cancellationToken: Token));
        Assert.Contains("takenBy must be the user", signed.Message);
        using var guardian = Connect(_server.IssueToken("staging", "dwcp-v3-guardian", TimeSpan.FromHours(1)));
        var pod = await Assert.ThrowsAsync<DwcpClusterException>(() => guardian.CreateAsync(Planted("system:serviceaccount:staging:dwcp-v3-guardian"), cancellationToken: Token));
        Assert.Contains("a pod takes no backup", pod.Message);
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        var service = new BackupService(_connection);
        Assert.Contains("does not exist", (await Assert.ThrowsAsync<DwcpStagingException>(() => service.BackupAsync("nowhere", cancellationToken: Token))).Message);
        await _connection.CreateAsync(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "staging" } }, cancellationToken: Token);
        Assert.Contains("has no backup", (await Assert.ThrowsAsync<DwcpStagingException>(() => service.RestoreAsync("staging", cancellationToken: Token))).Message);
        var empty = await service.BackupAsync("staging", cancellationToken: Token);
        Assert.Null(empty.Release);
        Assert.Contains("nothing was deployed yet", (await Assert.ThrowsAsync<DwcpStagingException>(() => service.RestoreAsync("staging", cancellationToken: Token))).Message);
    }

    private async Task<SortedDictionary<string, JsonObject>> StateAsync()
    {
        var state = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var resource in new[] { ClusterResource.ConfigMap, ClusterResource.Service, ClusterResource.NetworkPolicy, ClusterResource.Role, ClusterResource.RoleBinding, ClusterResource.Ingress, ClusterResource.ServiceAccount })
        {
            foreach (var item in await _connection.ListAsync(resource, "staging", "app.kubernetes.io/managed-by=novacron-dwcp", cancellationToken: Token))
            {
                if (item["metadata"]!["labels"]!["app.kubernetes.io/component"]?.ToString() != "backup")
                    state[$"{resource.Kind}/{item["metadata"]!["name"]}"] = item;
            }
        }

        return state;
    }
}
