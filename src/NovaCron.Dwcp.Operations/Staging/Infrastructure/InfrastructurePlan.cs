namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>What Terraform would do, saved in a file that can be applied exactly as it was shown.</summary>
public sealed record InfrastructurePlan
{
    /// <summary>Working directory that it was made in.</summary>
    public required string Directory { get; init; }

    /// <summary>Terraform's plan file. It may hold what Terraform keeps in its state, so it is readable by its owner only and removed after applying.</summary>
    public required string File { get; init; }

    public required IReadOnlyList<InfrastructureChange> Changes { get; init; }

    /// <summary>What Terraform warned about.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>True if it takes everything away.</summary>
    public bool IsDestruction { get; init; }

    /// <summary>True if applying it would change resources or outputs.</summary>
    public bool HasChanges { get; init; }

    /// <summary>A resource a line, and what it comes to, for people.</summary>
    public string Difference => string.Join('\n', Changes.Select(c => c.ToString()).Append(Summary));

    public string Summary => !HasChanges
        ? "infrastructure: no change"
        : $"infrastructure: {Count("create")} to add, {Count("update")} to change, {Changes.Count(c => c.Destroys)} to destroy or replace";

    private int Count(string action) => Changes.Count(c => c.Action == action);
}
