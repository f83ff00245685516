namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A category's share of passed severity weight, and whether that is enough.</summary>
/// <param name="Category">Which.</param>
/// <param name="Percent">Passed weight over applicable weight, 0..100; null when nothing was applicable.</param>
/// <param name="Threshold">Percent that it needs.</param>
/// <param name="Blocking">Below the threshold it is NO-GO, not REVIEW.</param>
/// <param name="Passed">Checks that passed.</param>
/// <param name="Failed">Checks that failed.</param>
/// <param name="Errors">Checks that could not decide.</param>
/// <param name="Skipped">Checks that cannot apply.</param>
public sealed record CategoryResult(
    CheckCategory Category, double? Percent, double Threshold, bool Blocking, int Passed, int Failed, int Errors, int Skipped)
{
    public bool IsMet => Percent is { } percent && percent >= Threshold;
}
