namespace NovaCron.Dwcp.Operations.Validation.Gates;

/// <summary>How an assertion of a gate came out.</summary>
/// <param name="Id">The assertion.</param>
/// <param name="Tag">Its group.</param>
/// <param name="Title">What holds when it passes.</param>
/// <param name="Status">Pass, Fail, Error (could not be judged) or Skipped (cannot apply).</param>
/// <param name="Message">What was seen and what was expected; with the remedy when it did not pass.</param>
public sealed record GateResult(string Id, string Tag, string Title, CheckStatus Status, string Message);
