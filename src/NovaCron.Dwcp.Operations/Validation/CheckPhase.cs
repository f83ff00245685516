namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>When a check runs: those that only look come first, so that they see no trace of the others.</summary>
public enum CheckPhase
{
    /// <summary>Looks only. Many at a time.</summary>
    Passive,
    /// <summary>Moves data or works the nodes. One at a time.</summary>
    Load,
    /// <summary>Changes something and puts it back, under a Lease. Last, one at a time, and never in production.</summary>
    Drill,
}
