namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the Redis Deployment, a cache whose loss loses nothing.</summary>
public sealed record RedisValues
{
    /// <summary>User that the image's redis runs as; 999 in the official image.</summary>
    public int RunAsUser { get; init; } = 999;

    public string CpuRequest { get; init; } = "50m";

    public string CpuLimit { get; init; } = "500m";

    public string MemoryRequest { get; init; } = "64Mi";

    public string MemoryLimit { get; init; } = "256Mi";

    /// <summary>Redis' own limit (<c>maxmemory</c>), below the container's.</summary>
    public string MaximumMemory { get; init; } = "192mb";
}
