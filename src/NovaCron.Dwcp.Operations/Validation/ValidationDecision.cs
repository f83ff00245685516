namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>May this go to production?</summary>
public enum ValidationDecision
{
    Go,
    /// <summary>A named approver may waive what is left, with a reason.</summary>
    Review,
    NoGo,
    /// <summary>The system could not be judged (no API server, no metrics).</summary>
    Undecided,
}
