namespace NovaCron.Dwcp.Operations.Validation.Readiness;

/// <summary>Who answers for what no program can see.</summary>
public enum ReadinessOwner
{
    /// <summary>Design, rollback procedure and known limits are reviewed.</summary>
    Tech,
    /// <summary>On-call, capacity, backups and runbooks are in place.</summary>
    DevOps,
    /// <summary>Threat model, keys and scan results are accepted.</summary>
    Security,
    /// <summary>Window, users and support are agreed.</summary>
    Product,
}
