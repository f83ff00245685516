namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A check began (<see cref="Result"/> is null) or ended.</summary>
public sealed record ValidationProgress(string CheckId, string Title, CheckCategory Category, int Completed, int Total, CheckResult? Result);
