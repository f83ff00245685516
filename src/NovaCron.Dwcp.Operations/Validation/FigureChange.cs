namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A measurement in two validations.</summary>
/// <param name="CheckId">The check that measured.</param>
/// <param name="Name">What.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Before">Earlier value.</param>
/// <param name="After">Later value.</param>
/// <param name="HigherIsBetter">Which way is an improvement.</param>
public sealed record FigureChange(string CheckId, string Name, string Unit, double Before, double After, bool HigherIsBetter)
{
    /// <summary>Change in percent of the earlier value; null when that was 0.</summary>
    public double? Percent => Before == 0 ? null : 100 * (After - Before) / Math.Abs(Before);
}
