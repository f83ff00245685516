namespace NovaCron.Dwcp.Operations.Validation.Gates;

/// <summary>A point that a release passes only if everything it asserts holds.</summary>
public enum DwcpGate
{
    /// <summary>May this be approved for production? Every check of the catalogue, and the decision.</summary>
    Staging,
    /// <summary>May the next phase begin? Decision, attestations, nodes, guardian, flags, evidence.</summary>
    Rollout,
    /// <summary>Does data move, by every version, and arrive unchanged?</summary>
    Transfer,
}
