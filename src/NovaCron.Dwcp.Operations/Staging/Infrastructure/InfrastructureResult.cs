using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>What applying a plan came to.</summary>
/// <param name="Applied">Changes that were made, in the order in which they were finished.</param>
/// <param name="Outputs">Terraform's outputs by name; those that are marked sensitive are left out.</param>
/// <param name="Duration">How long it took.</param>
public sealed record InfrastructureResult(IReadOnlyList<InfrastructureChange> Applied, IReadOnlyDictionary<string, JsonNode?> Outputs, TimeSpan Duration)
{
    /// <summary>An output as text; null when there is none or it is empty.</summary>
    public string? Output(string name) => Outputs.GetValueOrDefault(name)?.ToString() is { Length: > 0 } text ? text : null;
}
