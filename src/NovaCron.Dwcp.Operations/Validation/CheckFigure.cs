namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A measurement of a check, for charts, for comparison with an earlier run and for the baseline.</summary>
/// <param name="Name">What was measured, for example <c>throughput</c>.</param>
/// <param name="Unit">For example <c>B/s</c> or <c>%</c>.</param>
/// <param name="Value">What the check judged: the median of the runs.</param>
/// <param name="Runs">Each run, in order.</param>
/// <param name="HigherIsBetter">Which way is an improvement.</param>
public sealed record CheckFigure(string Name, string Unit, double Value, IReadOnlyList<double> Runs, bool HigherIsBetter)
{
    /// <summary>A figure judged by the median of its runs: the upper one of an even number.</summary>
    /// <param name="name">What was measured.</param>
    /// <param name="unit">For example <c>B/s</c>.</param>
    /// <param name="runs">Each run, in order; at least one.</param>
    /// <param name="higherIsBetter">Which way is an improvement.</param>
    internal static CheckFigure OfRuns(string name, string unit, IReadOnlyList<double> runs, bool higherIsBetter) => new(name, unit, runs.Order().ElementAt(runs.Count / 2), runs, higherIsBetter);
}
