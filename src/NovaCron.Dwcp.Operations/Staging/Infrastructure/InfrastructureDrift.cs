namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>How the infrastructure differs from what was applied, because somebody changed it by other means.</summary>
public sealed record InfrastructureDrift
{
    /// <summary>Working directory of Terraform.</summary>
    public required string Directory { get; init; }

    /// <summary>Resources that are not as they were left; empty when everything is.</summary>
    public required IReadOnlyList<InfrastructureChange> Changes { get; init; }

    public required DateTimeOffset LookedAt { get; init; }

    /// <summary>True if anything differs.</summary>
    public bool IsDrifted { get; init; }
}
