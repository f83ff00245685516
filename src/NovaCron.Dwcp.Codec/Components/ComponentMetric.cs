namespace NovaCron.Dwcp.Codec.Components;

/// <summary>One figure that a component measured.</summary>
/// <param name="Name">Prometheus name, such as <c>dwcp_amst_zero_bytes_total</c>.</param>
/// <param name="Help">One sentence with the unit.</param>
/// <param name="Kind">Counter or gauge.</param>
/// <param name="Value">The value when read.</param>
public sealed record ComponentMetric(string Name, string Help, ComponentMetricKind Kind, double Value);
