namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>A Kubernetes Event about an object.</summary>
public sealed record ClusterEventRecord(
    string Type, string Reason, string Message, string Object, int Count, DateTimeOffset? LastSeen)
{
    public bool IsWarning => Type == "Warning";

    public override string ToString() => $"{Reason}: {Message}";
}
