using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using NovaCron.Dwcp.Node.Configuration;

namespace NovaCron.Dwcp.Node.Kubernetes;

/// <summary>The API server as a pod reaches it: address from the environment, token and CA from the mounted service account.</summary>
internal static class ClusterAccess
{
    /// <exception cref="DwcpNodeException">The pod has no service account mounted.</exception>
    public static IKubernetes Connect(NodeOptions options, TimeProvider time)
    {
        var server = options.ApiServer ?? throw new DwcpNodeException(
            "KUBERNETES_SERVICE_HOST is not set, so the flag's ConfigMap cannot be watched. dwcpd serve runs in a Kubernetes pod (or a rehearsal's); on a machine without a cluster set DWCP_STANDALONE=1.");
        var tokenPath = Path.Combine(options.Paths.ServiceAccount, "token");
        if (!File.Exists(tokenPath))
            throw new DwcpNodeException($"The service-account token {tokenPath} is missing. Set automountServiceAccountToken: true on the node's pods.");

        var authorities = new X509Certificate2Collection();
        var authorityPath = Path.Combine(options.Paths.ServiceAccount, "ca.crt");
        try
        {
            authorities.ImportFromPemFile(authorityPath);
        }
        catch (Exception error) when (error is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new DwcpNodeException($"The cluster's CA {authorityPath} cannot be read: {error.Message} It is mounted with the service account.", error);
        }

        if (authorities.Count == 0) throw new DwcpNodeException($"The cluster's CA {authorityPath} holds no certificate. It is mounted with the service account.");
        return new k8s.Kubernetes(new KubernetesClientConfiguration
        {
            Host = server.AbsoluteUri,
            Namespace = options.Namespace,
            SslCaCerts = authorities,
            TokenProvider = new TokenFile(tokenPath, time),
            UserAgent = $"dwcpd/{NodeOptions.BuildVersion}",
        });
    }
}
