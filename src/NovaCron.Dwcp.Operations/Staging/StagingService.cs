using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging.Manifests;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Deploys DWCP v3 to a namespace, says what is there, and takes it away again.</summary>
public sealed class StagingService(ClusterConnection connection, TimeProvider? time = null)
{
    /// <summary>Sidecar-free preStop sleep and the admission policies need it.</summary>
    private const int MinimumMinorVersion = 30;

    private static readonly string[] NeverRemoved = ["CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ClusterRole"];

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Deploys. Idempotent: run again it changes only what differs, and continues what was interrupted.</summary>
    /// <exception cref="DwcpClusterException">A request to the cluster failed.</exception>
    /// <exception cref="DwcpStagingException">Refused (production), or a workload did not become ready; says why.</exception>
    /// <exception cref="ManifestException">A manifest or value is malformed; says file and line.</exception>
    public Task<DwcpStaging> DeployAsync(StagingOptions options, IProgress<StagingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new StagingRun(connection, options, progress, _time).RunAsync(cancellationToken);

    /// <summary>What is staged in a namespace, or null if nothing is.</summary>
    public async Task<DwcpStaging?> GetAsync(string @namespace, CancellationToken cancellationToken = default)
    {
        var record = await StagingRecord.ReadAsync(connection, @namespace, cancellationToken).ConfigureAwait(false);
        if (record is null)
            return null;
        var version = await connection.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        return await StagingReader.ReadAsync(connection, @namespace, record, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Removes what the deployment created, and nothing else. Definitions of custom resources, the admission policies and the ClusterRole stay, because other
    /// namespaces use them; the store and the namespace stay unless <paramref name="removeData"/>. What a run made that was broken off before it wrote its record
    /// (Ctrl+C, a killed process) is told by its label and removed as well; a namespace is not, because nobody knows who made it.
    /// </summary>
    public async Task<IReadOnlyList<StagingChange>> RemoveAsync(
        string @namespace, bool allowProduction = false, bool removeData = false, bool whatIf = false, CancellationToken cancellationToken = default)
    {
        RefuseProduction(@namespace, allowProduction);
        var record = await StagingRecord.ReadAsync(connection, @namespace, cancellationToken).ConfigureAwait(false);
        var recorded = record?.Objects ?? [];
        var objects = OwnObjects(@namespace).Where(o => !recorded.Any(o.IsSameAs)).Concat(recorded.Where(o => o.Created && !NeverRemoved.Contains(o.Kind)));
        var removed = new List<StagingChange>();
        foreach (var item in objects.Reverse())
        {
            if (item.Kind is "PersistentVolumeClaim" or "Namespace" && !removeData)
                continue;
            var resource = await connection.ResolveAsync(item.ApiVersion, item.Kind, cancellationToken).ConfigureAwait(false);
            var live = await connection.FindAsync(resource, item.Namespace, item.Name, cancellationToken).ConfigureAwait(false);
            // A namesake that somebody made since is not ours.
            if (live is null || live["metadata"]?["labels"]?[StagingNames.ManagedByLabel]?.ToString() != StagingNames.ManagedBy)
                continue;
            if (!whatIf)
                await connection.DeleteAsync(resource, item.Namespace, item.Name, uid: live["metadata"]?["uid"]?.ToString(), cancellationToken: cancellationToken).ConfigureAwait(false);
            removed.Add(new StagingChange(resource.Describe(item.Namespace, item.Name), "removed", []));
        }

        if (record is null && removed.Count == 0)
            throw new DwcpStagingException(StagingStage.Infrastructure, $"namespace {@namespace}", "nothing of ours is there", "Check the name of the namespace.");
        if (record is not null && !whatIf)
            await connection.DeleteAsync(ClusterResource.ConfigMap, @namespace, StagingNames.Record, cancellationToken: cancellationToken).ConfigureAwait(false);
        return removed;
    }

    /// <summary>What a deployment may make in its namespace, with every part that is optional there.</summary>
    private static IEnumerable<RecordedObject> OwnObjects(string @namespace) =>
        RenderManifests(new StagingOptions { Namespace = @namespace, Values = new StagingValues { Redis = new RedisValues { Persistent = true } } })
            .Where(d => d["metadata"]!["namespace"]?.ToString() == @namespace)
            .Select(d => new RecordedObject(d["apiVersion"]!.ToString(), d["kind"]!.ToString(), @namespace, d["metadata"]!["name"]!.ToString(), Created: true))
            .Concat(new[] { StagingNames.AuthoritySecret, StagingNames.Secrets, StagingNames.RedisSecret }.Select(n => new RecordedObject("v1", "Secret", @namespace, n, Created: true)));

    /// <summary>The manifests as plain documents, in the order of applying. Without secrets, flag, ceiling and replicas.</summary>
    /// <exception cref="ManifestException">A manifest or value is malformed; says file and line.</exception>
    public static IReadOnlyList<JsonObject> RenderManifests(StagingOptions options)
    {
        ValuesReader.Check(options.Values);
        var settings = new ManifestSettings(options.Values, options.Namespace, StagingNames.LooksLikeProduction(options.Namespace), new ClusterSurvey(), "exported", "exported");
        return [.. Render(ManifestTemplates.Load(options.AssetsPath), settings, options.Namespace)];
    }

    /// <summary>The manifests as one YAML text, for GitOps. Without secrets, flag, ceiling and replicas.</summary>
    /// <exception cref="ManifestException">A manifest or value is malformed; says file and line.</exception>
    public static string ExportManifests(StagingOptions options) => string.Join("---\n", RenderManifests(options).Select(YamlText.Write));

    /// <summary>Documents in the order of applying, each with its namespace and our label.</summary>
    internal static IEnumerable<JsonObject> Render(ManifestTemplates templates, ManifestSettings settings, string @namespace)
    {
        var documents = new List<JsonObject>();
        foreach (var template in templates.Documents)
        {
            if (ManifestRenderer.Render(template, settings) is not { } document)
                continue;
            var metadata = (JsonObject)document["metadata"]!;
            var known = ClusterResource.WellKnown.FirstOrDefault(r => r.Kind == document["kind"]!.ToString() && r.ApiVersion == document["apiVersion"]!.ToString())
                ?? throw new ManifestException(template.File, template.Line,
                    $"{document["apiVersion"]} {document["kind"]} is no kind that a deployment applies; correct it, or apply it yourself");
            if (known.Namespaced)
                metadata["namespace"] ??= @namespace;
            var labels = metadata["labels"] as JsonObject ?? [];
            labels[StagingNames.ManagedByLabel] = StagingNames.ManagedBy;
            metadata["labels"] = labels;
            if (documents.Exists(d => ManifestOrder.Key(d) == ManifestOrder.Key(document)))
                throw new ManifestException(template.File, template.Line, $"{document["kind"]} {metadata["name"]} is there twice");
            documents.Add(document);
        }

        return documents.OrderBy(ManifestOrder.Key, StringComparer.Ordinal);
    }

    /// <summary>Refuses what its name says is production, unless that was meant.</summary>
    internal void RefuseProduction(string @namespace, bool allowed)
    {
        foreach (var (what, name) in new[] { ("namespace", @namespace), ("context", connection.Context) })
        {
            if (!allowed && StagingNames.LooksLikeProduction(name))
            {
                throw new DwcpStagingException(StagingStage.Infrastructure, $"{what} {name}", "looks like production and was left alone",
                    "Name another one, or say that production is meant (-AllowProduction).");
            }
        }
    }

    internal static bool IsNewEnough(string version)
    {
        var parts = version.TrimStart('v').Split('.');
        return parts.Length >= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(new string([.. parts[1].TakeWhile(char.IsAsciiDigit)]), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            && (major > 1 || minor >= MinimumMinorVersion);
    }
}
