namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A Deployment and how many of its pods are ready.</summary>
public sealed record StagedWorkload(string Name, int Desired, int Ready)
{
    public bool IsReady => Desired > 0 && Ready == Desired;
}
