using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging.Manifests;

namespace NovaCron.Dwcp.Operations.Staging.Backups;

/// <summary>
/// Saves what is deployed before it is changed, and puts it back. A backup is a ConfigMap of the same namespace, so that it outlives the machine of whoever
/// took it; Secrets, stored data, flag and ceiling are neither saved nor touched.
/// </summary>
public sealed class BackupService(ClusterConnection connection, TimeProvider? time = null)
{
    private const string NamePrefix = "dwcp-v3-backup-";
    private const string Key = "backup.json";

    /// <summary>Who took it, as admission policy dwcp-backup-is-signed has checked.</summary>
    private const string TakenByKey = "takenBy";
    private const string Component = "backup";
    private const string NodeExporterNamespace = "dwcp-node-exporter";

    /// <summary>Older ones are removed when a new one is written.</summary>
    private const int Kept = 10;

    /// <summary>A ConfigMap holds 1 MiB; some is for its frame.</summary>
    private const int MaximumLength = 1_000_000;

    /// <summary>What is not here is shared with other namespaces, or more than configuration.</summary>
    private static readonly string[] Saved =
    [
        "ServiceAccount", "Role", "RoleBinding", "ConfigMap", "NetworkPolicy", "Service", "Deployment", "DaemonSet", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Ingress",
        "PodMonitor", "PrometheusRule",
    ];

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Saves what is deployed in a namespace; of one where nothing is deployed, that.</summary>
    /// <param name="namespace">It must exist.</param>
    /// <param name="path">File that gets a copy; none when null.</param>
    /// <param name="cancellationToken">Nothing is kept of an interrupted backup.</param>
    /// <exception cref="DwcpStagingException">An object that was deployed is gone, or the backup does not fit.</exception>
    public async Task<DwcpBackup> BackupAsync(string @namespace, string? path = null, CancellationToken cancellationToken = default)
    {
        if (await connection.FindAsync(ClusterResource.Namespace, null, @namespace, cancellationToken).ConfigureAwait(false) is null)
            throw new DwcpStagingException(StagingStage.Configuration, $"namespace {@namespace}", "does not exist, so there is nothing to save", "Check its name.");
        var identity = await connection.WhoAmIAsync(cancellationToken).ConfigureAwait(false);
        var record = await StagingRecord.ReadAsync(connection, @namespace, cancellationToken).ConfigureAwait(false);
        var recordMap = record is null ? null : await connection.FindAsync(ClusterResource.ConfigMap, @namespace, StagingNames.Record, cancellationToken).ConfigureAwait(false);
        var objects = new List<JsonObject>();
        foreach (var item in (record?.Objects ?? []).Where(o => Saved.Contains(o.Kind)))
        {
            var resource = await connection.ResolveAsync(item.ApiVersion, item.Kind, cancellationToken).ConfigureAwait(false);
            var live = await connection.FindAsync(resource, item.Namespace, item.Name, cancellationToken).ConfigureAwait(false);
            // What somebody has removed is not there to be saved, and restoring brings back only what was.
            if (live is not null && AppliedFields.Of(live, ClusterConnection.DefaultFieldManager) is { } applied)
                objects.Add(applied);
        }

        if (record is not null && objects.Count == 0)
        {
            throw new DwcpStagingException(StagingStage.Configuration, $"namespace {@namespace}", "of what is recorded as deployed nothing is left, or nothing names us as who applied it",
                "Deploy again first (New-DwcpStaging), or compare the record with the cluster.");
        }

        var configuration = await connection.FindAsync(ClusterResource.ConfigMap, @namespace, RolloutNames.ConfigMap, cancellationToken).ConfigureAwait(false);
        var now = _time.GetUtcNow();
        var backup = new DwcpBackup
        {
            Name = NamePrefix + now.UtcDateTime.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture),
            Namespace = @namespace,
            TakenAt = now,
            TakenBy = identity.UserName,
            Release = record?.Release,
            ManifestHash = record?.ManifestHash,
            Flag = configuration?["data"]?[RolloutNames.FlagKey]?.ToString(),
            Objects = objects.Count,
            Path = path,
        };
        var text = new BackupDocument
        {
            Backup = backup with { Path = null },
            Record = recordMap is null ? null : AppliedFields.Of(recordMap, ClusterConnection.DefaultFieldManager) ?? record!.ToDocument(@namespace),
            Objects = [.. objects.OrderBy(ManifestOrder.Key, StringComparer.Ordinal)],
        }.Write();
        if (text.Length > MaximumLength)
        {
            throw new DwcpStagingException(StagingStage.Configuration, $"backup of namespace {@namespace}", string.Create(CultureInfo.InvariantCulture, $"has {text.Length} characters, a ConfigMap holds {MaximumLength}"),
                "Save the manifests with Export-DwcpManifest instead.");
        }

        await connection.CreateAsync(Map(backup, text), cancellationToken: cancellationToken).ConfigureAwait(false);
        if (path is not null)
            await File.WriteAllTextAsync(path, text, cancellationToken).ConfigureAwait(false);
        await ForgetOldAsync(@namespace, cancellationToken).ConfigureAwait(false);
        return backup;
    }

    /// <summary>The backups of a namespace, newest first.</summary>
    public async Task<IReadOnlyList<DwcpBackup>> ListAsync(string @namespace, CancellationToken cancellationToken = default) =>
        [.. (await MapsAsync(@namespace, cancellationToken).ConfigureAwait(false)).Select(m => Read(@namespace, m).Backup)];

    /// <summary>
    /// Puts a backup back: what was deployed then is applied again, what was deployed first since is removed. Flag, ceiling, replicas, Secrets and stored data
    /// stay as they are, so traffic does not move.
    /// </summary>
    /// <param name="namespace">Where.</param>
    /// <param name="name">ConfigMap of the backup; the newest when null. Not read when <paramref name="path"/> is given.</param>
    /// <param name="path">File of a backup.</param>
    /// <param name="readyTimeout">Limit of waiting until the workloads run what was restored.</param>
    /// <param name="whatIf">Asks the server what would change, and changes nothing.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="cancellationToken">Stops between objects; running it again continues.</param>
    /// <exception cref="DwcpStagingException">There is no such backup, it is of another namespace, or the workloads did not become ready.</exception>
    public async Task<IReadOnlyList<StagingChange>> RestoreAsync(
        string @namespace, string? name = null, string? path = null, TimeSpan? readyTimeout = null, bool whatIf = false, IProgress<StagingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var document = path is not null ? await ReadFileAsync(path, cancellationToken).ConfigureAwait(false) : await FindAsync(@namespace, name, cancellationToken).ConfigureAwait(false);
        var source = path ?? document.Backup.Name;
        if (document.Backup.Namespace != @namespace)
            throw new DwcpStagingException(StagingStage.Configuration, source, $"is of namespace {document.Backup.Namespace}", $"Restore it there (-Namespace {document.Backup.Namespace}).");
        if (document.Record is null)
        {
            throw new DwcpStagingException(StagingStage.Configuration, source, "was taken when nothing was deployed yet", "Remove what is deployed (Remove-DwcpStaging) to get that state back.");
        }

        var monitoring = MonitoringNamespace(document.Record);
        if (document.Objects.FirstOrDefault(o => !MayRestore(o, @namespace, monitoring)) is { } foreign)
        {
            throw new DwcpStagingException(StagingStage.Configuration, source, $"holds {foreign["kind"]} {foreign["metadata"]?["namespace"]}/{foreign["metadata"]?["name"]}, which no backup of ours does",
                "Somebody has changed it: take another one.");
        }

        var changes = new List<StagingChange>();
        var options = new ApplyOptions { DryRun = whatIf };
        foreach (var item in document.Objects)
        {
            var result = await connection.ApplyAsync((JsonObject)item.DeepClone(), @namespace, options, cancellationToken).ConfigureAwait(false);
            if (result.Outcome != ApplyOutcome.Unchanged)
                changes.Add(new StagingChange(result.Target, result.Outcome.ToString().ToLowerInvariant(), result.Changes));
            progress?.Report(new StagingProgress(StagingStage.Configuration, $"restored {result.Target}", 90 * (changes.Count + 1) / (document.Objects.Count + 1), false));
        }

        await RemoveNewerAsync(@namespace, document, whatIf, changes, cancellationToken).ConfigureAwait(false);
        if (whatIf)
            return changes;
        await connection.ApplyAsync((JsonObject)document.Record.DeepClone(), @namespace, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var space in document.Objects.Where(o => o["kind"]?.ToString() == "Deployment").GroupBy(o => o["metadata"]?["namespace"]?.ToString() ?? @namespace))
        {
            await new WorkloadWaiter(connection, space.Key, _time).WaitAsync([.. space.Select(d => d["metadata"]!["name"]!.ToString())], readyTimeout ?? TimeSpan.FromMinutes(5),
                (message, warning) => progress?.Report(new StagingProgress(StagingStage.Workloads, message, 95, warning)), cancellationToken).ConfigureAwait(false);
        }

        return changes;
    }

    /// <summary>Objects that a deployment after the backup was the first to create.</summary>
    private async Task RemoveNewerAsync(string @namespace, BackupDocument document, bool whatIf, List<StagingChange> changes, CancellationToken cancellationToken)
    {
        if (await StagingRecord.ReadAsync(connection, @namespace, cancellationToken).ConfigureAwait(false) is not { } record)
            return;
        var saved = document.Objects.Select(o => new RecordedObject(o["apiVersion"]!.ToString(), o["kind"]!.ToString(), o["metadata"]!["namespace"]?.ToString(), o["metadata"]!["name"]!.ToString(), false)).ToList();
        foreach (var item in record.Objects.Where(o => o.Created && Saved.Contains(o.Kind) && !saved.Exists(o.IsSameAs)))
        {
            var resource = await connection.ResolveAsync(item.ApiVersion, item.Kind, cancellationToken).ConfigureAwait(false);
            var live = await connection.FindAsync(resource, item.Namespace, item.Name, cancellationToken).ConfigureAwait(false);
            if (live?["metadata"]?["labels"]?[StagingNames.ManagedByLabel]?.ToString() != StagingNames.ManagedBy)
                continue;
            if (!whatIf)
                await connection.DeleteAsync(resource, item.Namespace, item.Name, uid: live["metadata"]?["uid"]?.ToString(), cancellationToken: cancellationToken).ConfigureAwait(false);
            changes.Add(new StagingChange(resource.Describe(item.Namespace, item.Name), "removed", []));
        }
    }

    /// <summary>A kind that is saved, in the deployment's own namespaces and under a name that a deployment uses: nothing else is applied with the operator's rights.</summary>
    private static bool MayRestore(JsonObject item, string @namespace, string? monitoring)
    {
        var space = item["metadata"]?["namespace"]?.ToString() ?? @namespace;
        return item["apiVersion"] is not null && Saved.Contains(item["kind"]?.ToString() ?? "") && !string.IsNullOrEmpty(item["metadata"]?["name"]?.ToString())
            && (space == @namespace || ((space == monitoring || space == NodeExporterNamespace) && !space.StartsWith("kube-", StringComparison.Ordinal)))
            && item["metadata"]?["labels"]?[StagingNames.ManagedByLabel]?.ToString() == StagingNames.ManagedBy;
    }

    private static string? MonitoringNamespace(JsonObject record)
    {
        try
        {
            return JsonNode.Parse(record["data"]?[StagingRecord.Key]?.ToString() ?? "{}")?["values"]?["network"]?["monitoringNamespace"]?.ToString();
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            // Nothing outside of the namespace is restored then.
            return null;
        }
    }

    private async Task<BackupDocument> FindAsync(string @namespace, string? name, CancellationToken cancellationToken)
    {
        if (name is not null)
        {
            var map = await connection.FindAsync(ClusterResource.ConfigMap, @namespace, name, cancellationToken).ConfigureAwait(false);
            return map is not null
                ? Read(@namespace, map)
                : throw new DwcpStagingException(StagingStage.Configuration, ClusterResource.ConfigMap.Describe(@namespace, name), "does not exist", "Backup-DwcpConfiguration -List shows what there is.");
        }

        var newest = (await MapsAsync(@namespace, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
        return newest is not null
            ? Read(@namespace, newest)
            : throw new DwcpStagingException(StagingStage.Configuration, $"namespace {@namespace}", "has no backup", "Take one before a deployment (Backup-DwcpConfiguration), or name a file (-Path).");
    }

    private async Task<List<JsonObject>> MapsAsync(string @namespace, CancellationToken cancellationToken) =>
        [.. (await connection.ListAsync(ClusterResource.ConfigMap, @namespace, $"app.kubernetes.io/component={Component}", cancellationToken: cancellationToken).ConfigureAwait(false))
            .Where(m => m["metadata"]?["name"]?.ToString().StartsWith(NamePrefix, StringComparison.Ordinal) == true)
            .OrderByDescending(m => m["metadata"]!["name"]!.ToString(), StringComparer.Ordinal)];

    private async Task ForgetOldAsync(string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var old in (await MapsAsync(@namespace, cancellationToken).ConfigureAwait(false)).Skip(Kept))
                await connection.DeleteAsync(ClusterResource.ConfigMap, @namespace, old["metadata"]!["name"]!.ToString(), uid: old["metadata"]!["uid"]?.ToString(), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Forbidden)
        {
            // An operator may take backups and may not delete ConfigMaps: the old ones stay until an administrator takes the next.
        }
    }

    private static BackupDocument Read(string @namespace, JsonObject map)
    {
        var target = ClusterResource.ConfigMap.Describe(@namespace, map["metadata"]?["name"]?.ToString());
        var document = BackupDocument.Read(target, map["data"]?[Key]?.ToString() ?? "");
        // The text says who took it; the key beside it is what the cluster let pass.
        return document.Backup.TakenBy == map["data"]?[TakenByKey]?.ToString()
            ? document
            : throw new DwcpStagingException(StagingStage.Configuration, target, $"says that {document.Backup.TakenBy} took it, but {map["data"]?[TakenByKey] ?? "nobody"} wrote it", "Use another backup.");
    }

    private static async Task<BackupDocument> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        if (new FileInfo(path) is { Exists: true, Length: > BackupDocument.MaximumSize })
            throw new DwcpStagingException(StagingStage.Configuration, path, $"is larger than {BackupDocument.MaximumSize >> 20} MiB and no backup", "Name a file that Backup-DwcpConfiguration wrote.");
        return BackupDocument.Read(path, await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false));
    }

    private static JsonObject Map(DwcpBackup backup, string text) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["name"] = backup.Name,
            ["namespace"] = backup.Namespace,
            ["labels"] = new JsonObject
            {
                ["app.kubernetes.io/name"] = "dwcp-v3",
                ["app.kubernetes.io/part-of"] = "novacron-dwcp",
                ["app.kubernetes.io/component"] = Component,
                [StagingNames.ManagedByLabel] = StagingNames.ManagedBy,
            },
        },
        ["data"] = new JsonObject { [Key] = text, [TakenByKey] = backup.TakenBy },
        ["immutable"] = true,
    };
}
