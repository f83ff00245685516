namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>One line of a chart. A null value is a gap: not known is not 0.</summary>
public sealed record ChartLine(string Name, IReadOnlyList<(DateTimeOffset Time, double? Value)> Points);
