namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A finished stage.</summary>
public sealed record StageResult(StagingStage Stage, StageOutcome Outcome, TimeSpan Duration, string Message);
