using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>The Kubernetes API over TLS, in this process, in front of a <see cref="ClusterStore"/>.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    /// <summary>Address of the API, <c>https://127.0.0.1:port</c>.</summary>
    public Uri Url => throw new NotImplementedException();

    /// <summary>Certificate authority that signed the server's certificate, PEM.</summary>
    public string CertificateAuthorityPem => throw new NotImplementedException();

    /// <summary>What goes wrong on purpose; <c>null</c> when nothing does.</summary>
    public ApiServerFault? Fault { get; set; }

    /// <summary>Starts the server; it answers when the task completes. Also creates the default namespaces and roles, and runs garbage collection.</summary>
    public static Task<ApiServer> StartAsync(ClusterStore store, ApiServerOptions options, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>A bearer token of a service account, as the token volume of a pod holds it.</summary>
    /// <param name="ns">Namespace of the account.</param>
    /// <param name="serviceAccount">Name of the account.</param>
    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="pod">Pod to which it is bound; it ends with the pod.</param>
    /// <exception cref="ApiStatusException">The account does not exist (NotFound).</exception>
    public string IssueToken(string ns, string serviceAccount, TimeSpan lifetime, string? pod = null) => throw new NotImplementedException();

    /// <summary>A kubeconfig with a context for the administrator (current) and one for each user, named <c>user@cluster</c>; YAML.</summary>
    public string Kubeconfig() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
