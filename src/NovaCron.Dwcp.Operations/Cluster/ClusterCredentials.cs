using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>Turns connection options into a client configuration, or says exactly why that cannot be done.</summary>
internal static class ClusterCredentials
{
    private const string DefaultServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static (KubernetesClientConfiguration Configuration, string Source) Load(ClusterConnectionOptions options)
    {
        if (options.Server is not null)
            return (FromServer(options), options.Name ?? options.Server);
        if (options.InCluster)
            return (FromServiceAccount(options), "in-cluster");
        if (options.Token is not null || options.TokenFile is not null || options.CertificateAuthority is not null)
            throw Failure("connection", "a token or CA was given without a server", "Give the server too, for example https://host:6443.");

        var files = KubeconfigFiles(options);
        if (files.Count > 0)
            return FromKubeconfig(options, files);
        if (Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 })
            return (FromServiceAccount(options), "in-cluster");
        throw Failure("connection", "there is no kubeconfig: none was given, $KUBECONFIG is not set and ~/.kube/config does not exist",
            "Give a kubeconfig, or a server with a token and its CA.");
    }

    private static List<FileInfo> KubeconfigFiles(ClusterConnectionOptions options)
    {
        var explicitPaths = options.KubeconfigPath ?? Environment.GetEnvironmentVariable("KUBECONFIG");
        if (!string.IsNullOrWhiteSpace(explicitPaths))
        {
            var named = explicitPaths.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(p => new FileInfo(p)).ToList();
            var existing = named.Where(f => f.Exists).ToList();
            if (existing.Count == 0)
            {
                throw Failure($"kubeconfig {named[0].FullName}", "the file does not exist",
                    options.KubeconfigPath is null ? "Correct $KUBECONFIG, or name a kubeconfig." : "Correct the path.");
            }

            return existing;
        }

        var standard = new FileInfo(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config"));
        return standard.Exists ? [standard] : [];
    }

    private static (KubernetesClientConfiguration, string) FromKubeconfig(ClusterConnectionOptions options, List<FileInfo> files)
    {
        // Of several files the first that has the wanted context counts, with the users and clusters of the same file.
        var loaded = files.Select(file => (File: file, Document: ReadKubeconfig(file))).ToList();
        var name = options.Context ?? loaded.Select(f => f.Document.CurrentContext).FirstOrDefault(c => !string.IsNullOrEmpty(c));
        var all = loaded.SelectMany(f => f.Document.Contexts ?? []).Select(c => c.Name).ToList();
        var known = all.Count == 0 ? "it has none" : "it has " + string.Join(", ", all);
        var target = $"kubeconfig {string.Join(Path.PathSeparator, files.Select(f => f.FullName))}";
        if (string.IsNullOrEmpty(name))
            throw Failure(target, $"has no current context ({known})", "Name a context.");
        var (source, document) = loaded.Find(f => (f.Document.Contexts ?? []).Any(c => c.Name == name));
        if (source is null)
            throw Failure(target, $"has no context '{name}' ({known})", "Name one of its contexts.");
        target = $"kubeconfig {source.FullName}";
        var context = document.Contexts.First(c => c.Name == name).ContextDetails;

        var user = (document.Users ?? []).FirstOrDefault(u => u.Name == context?.User)?.UserCredentials;
        if (user?.ExternalExecution is { } exec)
        {
            throw Failure(target, $"user '{context?.User}' gets its credentials from the program '{exec.Command}' (an exec plugin), which is not run here",
                "Give server, token and CA instead (for example a token from 'kubectl create token', or from the cloud's own command), or a kubeconfig with a token or client certificate.");
        }

        if (user?.AuthProvider is { } provider)
        {
            throw Failure(target, $"user '{context?.User}' uses the removed auth provider '{provider.Name}'",
                "Give server, token and CA instead, or a kubeconfig with a token or client certificate.");
        }

        try
        {
            var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(source, name);
            if (options.TlsServerName is not null)
                configuration.TlsServerName = options.TlsServerName;
            return (configuration, name);
        }
        catch (Exception e) when (e is KubeConfigException or CryptographicException or IOException or FormatException or UriFormatException)
        {
            throw Failure(target, $"context '{name}' cannot be used: {Innermost(e).Message}", "Correct the file, or export it again from the cluster.", e);
        }
    }

    private static K8SConfiguration ReadKubeconfig(FileInfo file)
    {
        var target = $"kubeconfig {file.FullName}";
        try
        {
            return KubernetesClientConfiguration.LoadKubeConfig(file) ?? throw Failure(target, "is empty", "Export it again from the cluster.");
        }
        catch (Exception e) when (e is YamlDotNet.Core.YamlException or KubeConfigException or IOException or UnauthorizedAccessException)
        {
            throw Failure(target, $"cannot be read: {Innermost(e).Message}", "Correct the file, or export it again from the cluster.", e);
        }
    }

    private static KubernetesClientConfiguration FromServer(ClusterConnectionOptions options)
    {
        if (!Uri.TryCreate(options.Server, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
            throw Failure($"server {options.Server}", "is not an http(s) address", "Give it as https://host:port.");
        if (options.Token is null && options.TokenFile is null && options.TokenSource is null)
            throw Failure($"server {options.Server}", "no token was given", "Give a token (or a file with one).");
        if (uri.Scheme == "http" && !uri.IsLoopback)
            throw Failure($"server {options.Server}", "a token would travel in plain text", "Use https.");

        return new KubernetesClientConfiguration
        {
            Host = uri.GetLeftPart(UriPartial.Path).TrimEnd('/'),
            TlsServerName = options.TlsServerName,
            SslCaCerts = options.CertificateAuthority is null ? null : ReadCertificates(options.CertificateAuthority),
            TokenProvider = options.TokenSource is not null ? new IssuedToken(options.TokenSource) : options.TokenFile is not null ? new TokenFile(options.TokenFile) : null,
            AccessToken = options.TokenSource is null && options.TokenFile is null ? options.Token!.Trim() : null,
        };
    }

    private static KubernetesClientConfiguration FromServiceAccount(ClusterConnectionOptions options)
    {
        var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT_HTTPS") ?? Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw Failure("in-cluster connection", "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this process is in no pod",
                "Give a kubeconfig, or a server with a token and its CA.");
        }

        // A rehearsal pod is a process without a mount namespace: its mounts are below DWCP_ROOT.
        var directory = options.ServiceAccountDirectory
            ?? (Environment.GetEnvironmentVariable("DWCP_ROOT") is { Length: > 0 } root
                ? Path.Combine(root, DefaultServiceAccountDirectory.TrimStart('/'))
                : DefaultServiceAccountDirectory);
        var token = Path.Combine(directory, "token");
        var authority = Path.Combine(directory, "ca.crt");
        foreach (var file in new[] { token, authority })
        {
            if (!File.Exists(file))
            {
                throw Failure("in-cluster connection", $"{file} does not exist",
                    "Let the pod mount its service account's token (automountServiceAccountToken).");
            }
        }

        var namespaceFile = Path.Combine(directory, "namespace");
        return new KubernetesClientConfiguration
        {
            Host = new UriBuilder("https", host.Contains(':') ? $"[{host.Trim('[', ']')}]" : host, int.Parse(port, null)).Uri.GetLeftPart(UriPartial.Authority),
            SslCaCerts = ReadCertificates(authority),
            TokenProvider = new TokenFile(token),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : null,
        };
    }

    private static X509Certificate2Collection ReadCertificates(string pemOrPath)
    {
        var collection = new X509Certificate2Collection();
        try
        {
            if (pemOrPath.Contains("-----BEGIN", StringComparison.Ordinal))
                collection.ImportFromPem(pemOrPath);
            else
                collection.ImportFromPemFile(pemOrPath);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Failure("certificate authority", $"cannot be read: {e.Message}", "Give PEM text, or the path of a PEM file.", e);
        }

        return collection.Count > 0
            ? collection
            : throw Failure("certificate authority", "holds no certificate", "Give PEM text, or the path of a PEM file, with the cluster's CA.");
    }

    private static DwcpClusterException Failure(string target, string what, string remedy, Exception? inner = null) =>
        new(ClusterFailure.Configuration, target, what, remedy, inner);

    private static Exception Innermost(Exception e) => e.InnerException is null ? e : Innermost(e.InnerException);

    /// <summary>A bearer token from whoever issues it.</summary>
    private sealed class IssuedToken(Func<CancellationToken, Task<string>> source) : ITokenProvider
    {
        public async Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
            new("Bearer", await source(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A bearer token in a file, read again once a minute.</summary>
    private sealed class TokenFile(string path) : ITokenProvider
    {
        private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
        private readonly object _lock = new();
        private AuthenticationHeaderValue? _header;
        private long _readAt;

        public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                if (_header is null || TimeProvider.System.GetElapsedTime(_readAt) > Lifetime)
                {
                    try
                    {
                        _header = new AuthenticationHeaderValue("Bearer", File.ReadAllText(path).Trim());
                    }
                    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                    {
                        throw Failure($"token file {path}", $"cannot be read: {e.Message}", "Check the path and its permissions.", e);
                    }

                    _readAt = TimeProvider.System.GetTimestamp();
                }

                return Task.FromResult(_header);
            }
        }
    }

    /// <summary>The connection's transport: its trust, its client certificate, its pools.</summary>
    public static SocketsHttpHandler CreateHandler(KubernetesClientConfiguration configuration)
    {
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            // Follow the API server's address when it moves behind its name.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        if (!string.IsNullOrEmpty(configuration.TlsServerName))
            handler.SslOptions.TargetHost = configuration.TlsServerName;
        if (configuration.SkipTlsVerify)
        {
            // Only a kubeconfig that says insecure-skip-tls-verify gets here.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        try
        {
            var certificate = ClientCertificate(configuration);
            if (certificate is not null)
                handler.SslOptions.ClientCertificates = [certificate];
        }
        catch (Exception e) when (e is CryptographicException or IOException or FormatException or UnauthorizedAccessException)
        {
            handler.Dispose();
            throw Failure("client certificate", $"cannot be used: {Innermost(e).Message}", "Export the kubeconfig again from the cluster.", e);
        }

        return handler;
    }

    private static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration)
    {
        string? certificate = null;
        string? key = null;
        if (!string.IsNullOrEmpty(configuration.ClientCertificateData))
            certificate = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(configuration.ClientCertificateData));
        else if (!string.IsNullOrEmpty(configuration.ClientCertificateFilePath))
            certificate = File.ReadAllText(configuration.ClientCertificateFilePath);
        if (!string.IsNullOrEmpty(configuration.ClientCertificateKeyData))
            key = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(configuration.ClientCertificateKeyData));
        else if (!string.IsNullOrEmpty(configuration.ClientKeyFilePath))
            key = File.ReadAllText(configuration.ClientKeyFilePath);
        if (certificate is null || key is null)
            return null;

        // Windows' TLS needs the key in a container; a PKCS#12 round trip puts it there.
        using var ephemeral = X509Certificate2.CreateFromPem(certificate, key);
        return new X509Certificate2(ephemeral.Export(X509ContentType.Pkcs12));
    }
}
