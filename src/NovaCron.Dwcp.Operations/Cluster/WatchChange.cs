namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>What happened to a watched object.</summary>
public enum WatchChange
{
    Added,
    Modified,
    Deleted,
}
