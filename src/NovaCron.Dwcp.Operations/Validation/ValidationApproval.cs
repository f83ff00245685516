namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Somebody's yes to a validated release, as recorded in the cluster.</summary>
/// <param name="ApprovedBy">User name as the API server authenticated it.</param>
/// <param name="ApprovedAt">When.</param>
/// <param name="Reason">Why; for a REVIEW, why what is left may be waived.</param>
/// <param name="ReportId">The report that was looked at.</param>
/// <param name="ManifestHash">The manifests that it is bound to.</param>
/// <param name="ImageDigests">The images that it is bound to.</param>
public sealed record ValidationApproval(
    string ApprovedBy, DateTimeOffset ApprovedAt, string Reason, string ReportId, string ManifestHash, IReadOnlyList<string> ImageDigests);
