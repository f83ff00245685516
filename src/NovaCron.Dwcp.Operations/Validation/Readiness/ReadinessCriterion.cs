namespace NovaCron.Dwcp.Operations.Validation.Readiness;

/// <summary>One thing that must be so before the rollout may go on, and what shows that it is.</summary>
/// <param name="Stage">The gate that it belongs to.</param>
/// <param name="Id">Stable name.</param>
/// <param name="Title">What must be so.</param>
/// <param name="Status">Whether it is.</param>
/// <param name="Evidence">What shows it: checks, records, or who attested it, when and why.</param>
/// <param name="Owner">Who attests it; null where evidence decides.</param>
public sealed record ReadinessCriterion(ReadinessStage Stage, string Id, string Title, ReadinessStatus Status, string Evidence, ReadinessOwner? Owner = null);
