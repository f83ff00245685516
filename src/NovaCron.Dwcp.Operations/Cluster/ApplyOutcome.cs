namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>What applying a document did.</summary>
public enum ApplyOutcome
{
    Unchanged,
    Created,
    Changed,
}
