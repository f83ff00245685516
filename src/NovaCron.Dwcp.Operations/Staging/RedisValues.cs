using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the Redis Deployment, a cache whose loss loses nothing.</summary>
public sealed record RedisValues
{
    /// <summary>User that the image's redis runs as; 999 in the official image.</summary>
    [Range(1, 65535, ErrorMessage = "1..65535")]
    public int RunAsUser { get; init; } = 999;

    /// <summary>True: an append-only file on a claim, so that a restart begins with a warm cache. Losing it loses nothing either way.</summary>
    public bool Persistent { get; init; }

    /// <summary>StorageClass of that claim (ReadWriteOnce is enough); the cluster's default when empty.</summary>
    public string? StorageClass { get; init; }

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string StorageSize { get; init; } = "1Gi";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string CpuRequest { get; init; } = "50m";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string CpuLimit { get; init; } = "500m";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string MemoryRequest { get; init; } = "64Mi";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string MemoryLimit { get; init; } = "256Mi";

    /// <summary>Redis' own limit (<c>maxmemory</c>), below the container's.</summary>
    [RegularExpression("^[1-9][0-9]*(?:kb|mb|gb)$", ErrorMessage = "a Redis size such as 192mb")]
    public string MaximumMemory { get; init; } = "192mb";
}
