using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>The settings of a deployment. Read from YAML by <see cref="Load"/>, whose errors name line and key.</summary>
public sealed record StagingValues
{
    [RegularExpression("^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$", ErrorMessage = "a version such as 3.0.0")]
    public string Release { get; init; } = "3.0.0";

    /// <summary>Image of node and guardian; by digest for anything but a trial.</summary>
    [RegularExpression(ValueLimits.Image, ErrorMessage = ValueLimits.ImageText)]
    public string Image { get; init; } = "dwcpd:3.0.0";

    [RegularExpression(ValueLimits.Image, ErrorMessage = ValueLimits.ImageText)]
    public string RedisImage { get; init; } = "docker.io/library/redis:7.4-alpine";

    /// <summary>Always, IfNotPresent or Never.</summary>
    [AllowedValues("Always", "IfNotPresent", "Never", ErrorMessage = "Always, IfNotPresent or Never")]
    public string ImagePullPolicy { get; init; } = "IfNotPresent";

    /// <summary>Secret of type kubernetes.io/dockerconfigjson in the namespace, for a registry that asks who pulls; none when empty.</summary>
    [RegularExpression(ValueLimits.Label, ErrorMessage = ValueLimits.LabelText)]
    public string? ImagePullSecret { get; init; }

    /// <summary>hybrid, datacenter or internet.</summary>
    [AllowedValues("hybrid", "datacenter", "internet", ErrorMessage = "hybrid, datacenter or internet")]
    public string Mode { get; init; } = "hybrid";

    /// <summary>trace, debug, info, warn or error.</summary>
    [AllowedValues("trace", "debug", "info", "warn", "error", ErrorMessage = "trace, debug, info, warn or error")]
    public string LogLevel { get; init; } = "info";

    public NodeValues Node { get; init; } = new();

    public GuardianValues Guardian { get; init; } = new();

    public RedisValues Redis { get; init; } = new();

    public StorageValues Storage { get; init; } = new();

    public ServiceValues Service { get; init; } = new();

    public IngressValues Ingress { get; init; } = new();

    public NetworkValues Network { get; init; } = new();

    public DatacenterValues Datacenter { get; init; } = new();

    public MonitoringValues Monitoring { get; init; } = new();

    /// <summary>Reads a values file; keys that it leaves out keep their defaults.</summary>
    /// <exception cref="ManifestException">An unknown key, a wrong type, or a value out of its range.</exception>
    public static StagingValues Load(string path) => ValuesReader.ReadFile(path);
}
