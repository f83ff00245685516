namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>The settings of a deployment. Read from YAML by <see cref="Load"/>, whose errors name line and key.</summary>
public sealed record StagingValues
{
    public string Release { get; init; } = "3.0.0";

    /// <summary>Image of node and guardian; by digest for anything but a trial.</summary>
    public string Image { get; init; } = "dwcpd:3.0.0";

    public string RedisImage { get; init; } = "docker.io/library/redis:7.4-alpine";

    /// <summary>Always, IfNotPresent or Never.</summary>
    public string ImagePullPolicy { get; init; } = "IfNotPresent";

    /// <summary>hybrid, datacenter or internet.</summary>
    public string Mode { get; init; } = "hybrid";

    /// <summary>trace, debug, info, warn or error.</summary>
    public string LogLevel { get; init; } = "info";

    public NodeValues Node { get; init; } = new();

    public GuardianValues Guardian { get; init; } = new();

    public RedisValues Redis { get; init; } = new();

    public StorageValues Storage { get; init; } = new();

    public ServiceValues Service { get; init; } = new();

    public IngressValues Ingress { get; init; } = new();

    public NetworkValues Network { get; init; } = new();

    /// <summary>Reads a values file; keys that it leaves out keep their defaults.</summary>
    /// <exception cref="ManifestException">An unknown key, a wrong type, or a value out of its range.</exception>
    public static StagingValues Load(string path) => ValuesReader.ReadFile(path);
}
