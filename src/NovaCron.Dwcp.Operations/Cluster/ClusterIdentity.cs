namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>Who the API server says we are (SelfSubjectReview).</summary>
public sealed record ClusterIdentity(string UserName, IReadOnlyList<string> Groups)
{
    public override string ToString() => UserName;
}
