namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A phase and the percent that it means for the present target.</summary>
public sealed record RolloutStep(RolloutPhase Phase, int Percent);
