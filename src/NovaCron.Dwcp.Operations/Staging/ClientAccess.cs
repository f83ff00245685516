using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>What a client needs to open a session with a staged DWCP v3. Holds a secret; never logged.</summary>
public sealed record ClientAccess
{
    private const string ServiceName = "dwcp-v3";
    private const string SecretName = "dwcp-v3-secrets";
    private const string DataPort = "data";

    public required string Namespace { get; init; }

    /// <summary>host:port of the data port: the load balancer if there is one, else the Service's cluster address.</summary>
    public required string DataAddress { get; init; }

    /// <summary>Name that the node's certificate carries.</summary>
    public required string ServerName { get; init; }

    /// <summary>PEM of the authority that the node's certificate chains to.</summary>
    public required string CertificateAuthority { get; init; }

    /// <summary>API key of the principal <c>default</c>.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Reads Service and Secret; the caller needs permission to both.</summary>
    /// <exception cref="DwcpClusterException">One of them does not exist or may not be read.</exception>
    /// <exception cref="DwcpStagingException">The Secret lacks a key.</exception>
    public static async Task<ClientAccess> ReadAsync(ClusterConnection connection, string @namespace, CancellationToken cancellationToken = default)
    {
        var service = await connection.GetAsync(ClusterResource.Service, @namespace, ServiceName, cancellationToken).ConfigureAwait(false);
        var secret = await connection.GetAsync(ClusterResource.Secret, @namespace, SecretName, cancellationToken).ConfigureAwait(false);
        return new ClientAccess
        {
            Namespace = @namespace,
            DataAddress = AddressOf(service),
            ServerName = ServiceName,
            CertificateAuthority = Value(secret, @namespace, "ca.crt"),
            ApiKey = Value(secret, @namespace, "client-api-key").Trim(),
        };
    }

    /// <summary>Leaves the key out.</summary>
    public override string ToString() => $"{DataAddress} in namespace {Namespace}";

    private static string AddressOf(JsonObject service)
    {
        var port = service["spec"]?["ports"]?.AsArray().FirstOrDefault(item => (string?)item?["name"] == DataPort)?["port"]?.GetValue<int>() ?? 7420;
        var balancer = service["status"]?["loadBalancer"]?["ingress"]?.AsArray().FirstOrDefault();
        var host = (string?)balancer?["hostname"] ?? (string?)balancer?["ip"] ?? (string?)service["spec"]?["clusterIP"] ?? ServiceName;
        return host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
    }

    private static string Value(JsonObject secret, string @namespace, string key) =>
        (string?)secret["data"]?[key] is { } encoded
            ? Encoding.UTF8.GetString(Convert.FromBase64String(encoded))
            : throw new DwcpStagingException(StagingStage.Configuration, $"Secret {@namespace}/{SecretName}", $"key {key} is missing", "Run New-DwcpStaging again; it adds what is missing.");
}
