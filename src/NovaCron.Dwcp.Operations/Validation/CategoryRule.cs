namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What a category needs, and what it means when it does not get it.</summary>
/// <param name="Category">Which.</param>
/// <param name="Threshold">Percent of severity weight that must pass.</param>
/// <param name="Blocking">Below it: NO-GO rather than REVIEW.</param>
internal sealed record CategoryRule(CheckCategory Category, double Threshold, bool Blocking)
{
    /// <summary>
    /// The matrix. Performance is not blocking below its target (REVIEW), but figures that could not be measured are NO-GO
    /// (<see cref="DecisionMaker"/>).
    /// </summary>
    public static readonly IReadOnlyList<CategoryRule> Matrix =
    [
        new(CheckCategory.Infrastructure, 100, true),
        new(CheckCategory.Health, 100, true),
        new(CheckCategory.Components, 100, true),
        new(CheckCategory.Performance, 100, false),
        new(CheckCategory.Security, 95, true),
        new(CheckCategory.Monitoring, 90, false),
        new(CheckCategory.FeatureFlags, 100, true),
        new(CheckCategory.Integration, 95, true),
    ];
}
