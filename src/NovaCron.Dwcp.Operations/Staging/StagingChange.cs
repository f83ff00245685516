using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>An object that was (or, with WhatIf, would be) created, changed or removed.</summary>
/// <param name="Target">For example <c>Deployment staging/dwcp-v3</c>.</param>
/// <param name="Action">created, changed, seeded, removed.</param>
/// <param name="Fields">Field by field; values of Secrets are masked.</param>
public sealed record StagingChange(string Target, string Action, IReadOnlyList<FieldChange> Fields)
{
    public override string ToString() => $"{Target} {Action}";
}
