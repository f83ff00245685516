using NovaCron.Dwcp.Rehearsal.Faults;

namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>
/// A Kubernetes-speaking cluster in this process: API server, controllers and a kubelet whose pods are local processes.
/// Disposing it ends every pod and deletes everything that it wrote.
/// </summary>
public sealed class RehearsalCluster : IAsyncDisposable
{
    internal RehearsalCluster(string directory, string kubeconfigPath, Uri apiUrl, RehearsalFaults faults)
    {
        Directory = directory;
        KubeconfigPath = kubeconfigPath;
        ApiUrl = apiUrl;
        Faults = faults;
    }

    /// <summary>The cluster's directory: kubeconfig, certificates, pods, volumes and logs.</summary>
    public string Directory { get; }

    /// <summary>A kubeconfig whose current context is this cluster, as cluster administrator.</summary>
    public string KubeconfigPath { get; }

    /// <summary>The API server's address on loopback.</summary>
    public Uri ApiUrl { get; }

    /// <summary>What can be broken on purpose.</summary>
    public RehearsalFaults Faults { get; }

    /// <summary>Starts a cluster and returns when its API answers, its node is ready and the default namespaces exist.</summary>
    /// <exception cref="RehearsalException">The machine cannot run one; the message names what is missing.</exception>
    public static Task<RehearsalCluster> StartAsync(RehearsalOptions options, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
