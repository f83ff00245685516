using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Monitoring;

/// <summary>A series of a query's answer.</summary>
/// <param name="Labels">Its labels, <c>__name__</c> included where the query keeps it.</param>
/// <param name="Points">Time (seconds since 1970) and value of each point, oldest first; one point for an instant vector.</param>
internal sealed record PrometheusSeries(JsonObject Labels, IReadOnlyList<(double Time, double Value)> Points);
