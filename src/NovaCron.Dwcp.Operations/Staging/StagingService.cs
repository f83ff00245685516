using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Deploys DWCP v3 to a namespace, says what is there, and takes it away again.</summary>
public sealed class StagingService(ClusterConnection connection, TimeProvider? time = null)
{
    public ClusterConnection Connection => connection;
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Deploys. Idempotent: run again it changes only what differs, and continues what was interrupted.</summary>
    /// <exception cref="DwcpClusterException">A request to the cluster failed.</exception>
    /// <exception cref="DwcpStagingException">Refused (production), or a workload did not become ready; says why.</exception>
    /// <exception cref="ManifestException">A manifest or value is malformed; says file and line.</exception>
    public Task<DwcpStaging> DeployAsync(StagingOptions options, IProgress<StagingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{options} {progress} {_time} {cancellationToken}");

    /// <summary>What is staged in a namespace, or null if nothing is.</summary>
    public Task<DwcpStaging?> GetAsync(string @namespace, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{@namespace} {cancellationToken}");

    /// <summary>Removes what the deployment created, and nothing else; definitions of custom resources stay.</summary>
    public Task<IReadOnlyList<StagingChange>> RemoveAsync(
        string @namespace, bool allowProduction = false, bool removeData = false, bool whatIf = false, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{@namespace} {allowProduction} {removeData} {whatIf} {cancellationToken}");

    /// <summary>The manifests as plain documents, in the order of applying, without secrets.</summary>
    public static IReadOnlyList<JsonObject> RenderManifests(StagingOptions options) => throw new NotImplementedException($"{options}");

    /// <summary>The manifests as one YAML text, for GitOps. Without secrets, flag, ceiling and replicas.</summary>
    public static string ExportManifests(StagingOptions options) => throw new NotImplementedException($"{options}");
}
