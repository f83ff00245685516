namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// How to reach a cluster. One of three ways: a kubeconfig (default: <c>$KUBECONFIG</c>, then <c>~/.kube/config</c>),
/// in-cluster (the pod's service account), or <see cref="Server"/> with a token and a CA.
/// </summary>
public sealed record ClusterConnectionOptions
{
    /// <summary>Path of a kubeconfig; several may be joined as in <c>$KUBECONFIG</c>.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>Context of the kubeconfig; its current context when absent.</summary>
    public string? Context { get; init; }

    /// <summary>Use the service account of the pod this runs in.</summary>
    public bool InCluster { get; init; }

    /// <summary>API server, for example <c>https://10.0.0.1:6443</c>. Needs <see cref="Token"/>, <see cref="TokenFile"/> or <see cref="TokenSource"/>.</summary>
    public string? Server { get; init; }

    public string? Token { get; init; }

    /// <summary>File with a bearer token, read again every minute because projected tokens rotate.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Gives a bearer token for <see cref="Server"/> whenever one is needed, and renews it by itself; instead of <see cref="Token"/>.</summary>
    public Func<CancellationToken, Task<string>>? TokenSource { get; init; }

    /// <summary>What to call a cluster that is named by <see cref="Server"/>; its address when null.</summary>
    public string? Name { get; init; }

    /// <summary>The API server's CA: PEM text or the path of a PEM file. The machine's trust store when absent.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>Name to verify in the API server's certificate, when it is reached under another one.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Directory with <c>token</c>, <c>ca.crt</c> and <c>namespace</c> for <see cref="InCluster"/>.</summary>
    public string? ServiceAccountDirectory { get; init; }

    /// <summary>Limit of one attempt of one request.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts of a request that may be repeated (throttled, or idempotent and failed on the server's side), 1..10.</summary>
    public int MaximumAttempts { get; init; } = 5;

    /// <summary>Longest wait between attempts, also when the server asks for more with Retry-After.</summary>
    public TimeSpan MaximumRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Owner of the fields that are applied.</summary>
    public string FieldManager { get; init; } = ClusterConnection.DefaultFieldManager;
}
