namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>How a rehearsal cluster is set up. Every member has a default that suits a developer's machine.</summary>
public sealed record RehearsalOptions
{
    /// <summary>Where pods, volumes, logs and certificates live. Null: a new temporary directory, deleted with the cluster.</summary>
    public string? Directory { get; init; }

    /// <summary>Where the kubeconfig is written. Null: <c>kubeconfig</c> in the cluster's directory.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>The name of cluster and context in the kubeconfig, and the stem of the node's name.</summary>
    public string Name { get; init; } = "rehearsal";

    /// <summary>
    /// Executables by image name, over the default ones. A key is a repository's last part (<c>dwcpd</c>), with a tag
    /// (<c>dwcpd:3.1.0</c>) where a single version is meant; a value is the path of an executable or of a .NET assembly.
    /// </summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a changed ConfigMap or Secret takes to reach the files mounted from it. A real kubelet needs up to a minute or so.</summary>
    public TimeSpan VolumeLag { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The first delay of the restart back-off (doubled per crash up to five minutes). Kubernetes uses ten seconds.</summary>
    public TimeSpan CrashBackOff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock of controllers, probes and back-offs.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
