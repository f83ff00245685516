using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>The result of a server-side apply.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Namespace">Null for kinds without one.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Outcome">Created, changed, or unchanged.</param>
/// <param name="Document">The object as the server now has it (or would have it, in a dry run).</param>
/// <param name="Changes">Field by field what differs from before; values of Secrets are masked.</param>
public sealed record ApplyResult(
    ClusterResource Resource, string? Namespace, string Name, ApplyOutcome Outcome, JsonObject Document, IReadOnlyList<FieldChange> Changes)
{
    /// <summary>For example <c>Deployment staging/dwcp-v3</c>.</summary>
    public string Target => Resource.Describe(Namespace, Name);

    public override string ToString() => $"{Target} {Outcome.ToString().ToLowerInvariant()}";
}
