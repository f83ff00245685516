namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>An approval and the checks that had not passed when it was given: it covers these and no others.</summary>
internal sealed record RecordedApproval(ValidationApproval Approval, IReadOnlyList<string> Waived);
