namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Where a deployment is, and while it waits, why.</summary>
/// <param name="Stage">The stage at work.</param>
/// <param name="Message">What happens, for people.</param>
/// <param name="Percent">Of the whole deployment, 0..100.</param>
/// <param name="IsWarning">Something is wrong (an image cannot be pulled, a probe fails), though it may still resolve.</param>
public sealed record StagingProgress(StagingStage Stage, string Message, int Percent, bool IsWarning = false);
