namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the guardian Deployment.</summary>
public sealed record GuardianValues
{
    /// <summary>One leads, the others stand by. 1..5.</summary>
    public int Replicas { get; init; } = 2;

    public string CpuRequest { get; init; } = "50m";

    public string CpuLimit { get; init; } = "500m";

    public string MemoryRequest { get; init; } = "128Mi";

    public string MemoryLimit { get; init; } = "256Mi";
}
